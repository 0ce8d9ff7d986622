"""The 8x8 digits that come with scikit-learn."""

from importlib.metadata import version
from typing import Any, ClassVar

import numpy as np

from engine.datasets.base import Examples, UnsplitDataset, datasets
from engine.datasets.mnist import LABELS
from engine.datasets.sources.pictures import PictureDataset


@datasets.register("digits", "Digits (1,797, tiny)")
class Digits(PictureDataset, UnsplitDataset):
    """Handwritten digits of 8x8 pixels: so small that a run ends in seconds."""

    source: ClassVar[str] = (
        "E. Alpaydin, C. Kaynak, Optical Recognition of Handwritten Digits, UCI; in scikit-learn, "
        "https://scikit-learn.org/stable/datasets/toy_dataset.html#digits-dataset"
    )
    licence: ClassVar[str] = "BSD-3-Clause (as packaged by scikit-learn), CC BY 4.0 (UCI)"
    limits: ClassVar[str] = (
        "8x8 pixels from 43 writers, whose digits are in every split: a new writer's digits can be "
        "harder than the score suggests."
    )
    num_examples: ClassVar[int] = 1_797
    num_classes: ClassVar[int] = 10
    suggested: ClassVar[dict[str, Any]] = {"epochs": 40, "batch_size": 32, "patience": 12}
    ink: ClassVar[str] = "white-on-black"
    drawings: ClassVar[bool] = True

    def fingerprint(self) -> str:
        """The version of scikit-learn, which carries the data."""
        return f"scikit-learn {version('scikit-learn')}"

    def load(self) -> Examples:
        """1,797 examples, (8, 8, 1) uint8; the source's 17 levels are spread over 0..255."""
        from sklearn.datasets import load_digits

        data = load_digits()
        inputs = np.rint(data.images * (255 / 16)).astype(np.uint8)[..., None]
        return Examples(inputs, data.target.astype(np.int64), LABELS)
