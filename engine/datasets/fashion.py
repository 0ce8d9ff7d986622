"""Fashion-MNIST, 12,000 of it: small grey pictures of clothes."""

from typing import ClassVar

import numpy as np

from engine.datasets.base import EMBEDDED, Examples, datasets
from engine.datasets.sources.pictures import PictureDataset
from engine.files import file_fingerprint

LABELS = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip
_FILE = EMBEDDED / "images" / "fashion_mnist_12k.npz"


@datasets.register("fashion", "Fashion (12,000 items of clothing)")
class Fashion(PictureDataset):
    """Grey 28x28 pictures of ten kinds of clothes: harder than digits, small enough for a laptop."""

    source: ClassVar[str] = "Zalando Research, Fashion-MNIST, https://github.com/zalandoresearch/fashion-mnist"
    licence: ClassVar[str] = "MIT"
    limits: ClassVar[str] = (
        "Shop pictures, centred and cut out on a black background: a model trained on them does not "
        "recognise photos of people."
    )
    num_examples: ClassVar[int] = 12_000
    num_classes: ClassVar[int] = 10
    class_words: ClassVar[dict[str, dict[str, str]]] = {
        "zh": {
            "T-shirt/top": "T恤",
            "Trouser": "裤子",
            "Pullover": "套头衫",
            "Dress": "连衣裙",
            "Coat": "外套",
            "Sandal": "凉鞋",
            "Shirt": "衬衫",
            "Sneaker": "运动鞋",
            "Bag": "包",
            "Ankle boot": "短靴",
        }
    }
    ink: ClassVar[str] = "white-on-black"

    def fingerprint(self) -> str:
        """Hash of the embedded file."""
        return file_fingerprint(_FILE)

    def load(self) -> Examples:
        """10,000 of the source's training examples and 2,000 of its test examples, (28, 28, 1) uint8."""
        with np.load(_FILE) as file:
            inputs = np.concatenate([file["x_train"], file["x_test"]])[..., None]
            targets = np.concatenate([file["y_train"], file["y_test"]]).astype(np.int64)
            test = np.arange(len(inputs)) >= len(file["x_train"])
        return Examples(inputs, targets, LABELS, test=test)
