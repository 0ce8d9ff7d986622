"""Emoji in two drawing styles: colour pictures of 32x32 pixels in ten categories."""

from typing import Annotated, Any, ClassVar, Literal

import numpy as np

from engine.datasets.base import EMBEDDED, Examples, UnsplitDataset, datasets
from engine.datasets.sources.pictures import PictureDataset
from engine.files import file_fingerprint
from engine.spec import FIXED

_FILE = EMBEDDED / "images" / "emoji_32.npz"


@datasets.register("emoji", "Emoji (3,822, colour)")
class Emoji(PictureDataset, UnsplitDataset):
    """Colour 32x32 drawings of 1,911 emoji by two artists, in the ten categories of Unicode."""

    source: ClassVar[str] = (
        "Google Noto Emoji and Twitter Twemoji, from the npm packages emoji-datasource-google and "
        "emoji-datasource-twitter, https://github.com/iamcal/emoji-data"
    )
    licence: ClassVar[str] = "Noto: Apache-2.0; Twemoji: CC BY 4.0"
    limits: ClassVar[str] = (
        "Drawings are classified by meaning, not by look, so no network scores near 100%; "
        "'Component' has only 5 emoji, so its own score means nothing."
    )
    num_examples: ClassVar[int] = 3_822
    num_classes: ClassVar[int] = 10
    class_words: ClassVar[dict[str, dict[str, str]]] = {
        "zh": {
            "Activities": "活动",
            "Animals & Nature": "动物与自然",
            "Component": "组件",
            "Flags": "旗帜",
            "Food & Drink": "食物与饮料",
            "Objects": "物品",
            "People & Body": "人物与身体",
            "Smileys & Emotion": "笑脸与情绪",
            "Symbols": "符号",
            "Travel & Places": "旅行与地点",
        }
    }
    suggested: ClassVar[dict[str, Any]] = {"epochs": 12, "batch_size": 64, "dropout": 0.4}

    style: Annotated[Literal["both", "noto", "twemoji"], FIXED] = "both"
    """Set of drawings: Google's Noto, Twitter's Twemoji, or both. The drawings of one emoji stay in one split."""

    def fingerprint(self) -> str:
        """Hash of the embedded file."""
        return file_fingerprint(_FILE)

    def load(self) -> Examples:
        """3,822 examples of both styles or 1,911 of one, (32, 32, 3) uint8 on white."""
        styles = ("noto", "twemoji") if self.style == "both" else (self.style,)
        with np.load(_FILE) as file:
            inputs = np.concatenate([file[f"x_{style}"] for style in styles])
            targets = np.concatenate([file[f"y_{style}"] for style in styles]).astype(np.int64)
            names = np.tile(file["names"], len(styles))
            labels = tuple(map(str, file["classes"]))
        return Examples(inputs, targets, labels, groups=same_drawings(inputs, names))


def same_drawings(inputs: np.ndarray, names: np.ndarray) -> np.ndarray:
    """Return one number (examples,) for all drawings of an emoji, and of every other emoji that an artist draws the same way."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    emoji = np.unique(names, return_inverse=True)[1]
    drawing = np.unique(inputs.reshape(len(inputs), -1), axis=0, return_inverse=True)[1]
    nodes = int(emoji.max()) + 1 + int(drawing.max()) + 1
    links = coo_array((np.ones(len(emoji)), (emoji, int(emoji.max()) + 1 + drawing)), shape=(nodes, nodes))
    return np.asarray(connected_components(links, directed=False)[1][emoji])
