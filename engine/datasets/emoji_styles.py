"""Emoji as two artists draw them: do two drawings show the same thing?"""

from typing import Any, ClassVar

import numpy as np

from engine.datasets.base import EMBEDDED, Examples, UnsplitDataset, datasets
from engine.datasets.emoji import Emoji, same_drawings
from engine.files import file_fingerprint

_FILE = EMBEDDED / "images" / "emoji_32.npz"


@datasets.register("emoji-styles", "Emoji in two styles (1,911 pairs)")
class EmojiStyles(UnsplitDataset):
    """1,911 emoji of 32x32 pixels, each drawn by two artists: a pair for each, and no emoji in two splits."""

    tasks: ClassVar[tuple[str, ...]] = ("image-similarity",)
    source: ClassVar[str] = Emoji.source
    licence: ClassVar[str] = Emoji.licence
    limits: ClassVar[str] = (
        "Splits share no emoji, but look-alikes: a woman and a man with the same gesture are two things here. Many cannot be told apart "
        "by their drawings alone."
    )
    num_examples: ClassVar[int] = 1_911
    num_classes: ClassVar[int] = 1_911
    suggested: ClassVar[dict[str, Any]] = {
        "model": "embedding-cnn", "zoom": 0.2, "shift": 0.08, "contrast": 0.3, "tint": 0.3,
    }  # fmt: skip

    def fingerprint(self) -> str:
        """Hash of the embedded file."""
        return file_fingerprint(_FILE)

    def load(self) -> Examples:
        """1,911 pairs (2, 32, 32, 3) uint8 on white, Noto first. Emoji that an artist draws alike are in one split."""
        with np.load(_FILE) as file:
            inputs = np.stack([file["x_noto"], file["x_twemoji"]], axis=1)
            names = [str(name) for name in file["names"]]
        numbers = np.arange(len(names))
        targets = np.stack([numbers, numbers, numbers + len(names)], axis=1)
        groups = same_drawings(np.concatenate([inputs[:, 0], inputs[:, 1]]), np.tile(numbers, 2))[: len(names)]
        return Examples(inputs, targets, tuple(names), groups=groups)
