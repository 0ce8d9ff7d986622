"""Emoji as two artists draw them: do two drawings show the same thing?"""

from typing import Any, ClassVar

import numpy as np

from engine.datasets.base import EMBEDDED, Examples, UnsplitDataset, datasets
from engine.datasets.emoji import Emoji, same_drawings
from engine.files import file_fingerprint

_FILE = EMBEDDED / "images" / "emoji_32.npz"


@datasets.register("emoji-styles", "Emoji in two styles (1,876 pairs)")
class EmojiStyles(UnsplitDataset):
    """1,876 emoji of 32x32 pixels, each drawn by two artists: a pair for each, and no emoji in two splits."""

    tasks: ClassVar[tuple[str, ...]] = ("image-similarity",)
    source: ClassVar[str] = Emoji.source
    licence: ClassVar[str] = Emoji.licence
    limits: ClassVar[str] = (
        "Splits share no emoji, but look-alikes: a woman and a man with the same gesture are two things here. Some cannot be told apart "
        "by a drawing alone, or are drawn as quite different things."
    )
    num_examples: ClassVar[int] = 1_876
    num_classes: ClassVar[int] = 1_876
    suggested: ClassVar[dict[str, Any]] = {
        "model": "embedding-cnn", "temperature": 0.1,
        "zoom": 0.2, "shift": 0.08, "rotation": 10.0, "contrast": 0.3, "tint": 0.3,
    }  # fmt: skip

    def fingerprint(self) -> str:
        """Hash of the embedded file."""
        return file_fingerprint(_FILE)

    def load(self) -> Examples:
        """1,876 pairs (2, 32, 32, 3) uint8 on white, Noto first. Of those that an artist draws alike there is one."""
        with np.load(_FILE) as file:
            inputs = np.stack([file["x_noto"], file["x_twemoji"]], axis=1)
            names = file["names"]
        alike = same_drawings(np.concatenate([inputs[:, 0], inputs[:, 1]]), np.tile(names, 2))[: len(names)]
        kept = np.sort(np.unique(alike, return_index=True)[1])
        numbers = np.arange(len(kept))
        targets = np.stack([numbers, numbers, numbers + len(kept)], axis=1)
        return Examples(inputs[kept], targets, tuple(map(str, names[kept])))
