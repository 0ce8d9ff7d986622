"""Photo cut-outs of animals, plants and things, put on backgrounds: the set for transfer learning."""

from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from PIL import Image

from engine.datasets.base import EMBEDDED, Examples, UnsplitDataset, datasets
from engine.datasets.sources import textures
from engine.files import file_fingerprint
from engine.spec import FIXED

_FILE = EMBEDDED / "images" / "tuxpaint_stamps_96_rgba.npz"
_MANY = 26  # examples of a class that are enough to learn it and to evaluate it
_SEED = 20_260  # with the position of a stamp, it makes that stamp's background
_COMPOSITION = "1"  # raise it when the backgrounds change, so that prepared copies are made again


@datasets.register("stamps", "Stamps (267 photo cut-outs)")
class Stamps(UnsplitDataset):
    """Cut-out photos, 9 to 65 of each kind: too few to learn from scratch, enough for a pretrained network."""

    source: ClassVar[str] = "Tux Paint stamps, Debian package tuxpaint-stamps-default, https://tuxpaint.org/stamps/"
    licence: ClassVar[str] = "GPL-2.0-or-later"
    limits: ClassVar[str] = (
        "About 40 test images, so chance alone moves a score by some 10 points; and cut-outs on "
        "generated backgrounds are easier than photos."
    )
    num_examples: ClassVar[int] = 267
    num_classes: ClassVar[int] = 10
    class_words: ClassVar[dict[str, dict[str, str]]] = {
        "zh": {
            "birds": "鸟类",
            "mammals": "哺乳动物",
            "fish": "鱼类",
            "fruit": "水果",
            "vegetables": "蔬菜",
            "plants": "植物",
            "vehicles": "交通工具",
            "household": "家居用品",
            "instruments": "乐器",
            "insects": "昆虫",
        }
    }
    suggested: ClassVar[dict[str, Any]] = {"epochs": 30, "batch_size": 16, "patience": 10}

    classes: Annotated[Literal["ten", "five"], FIXED] = "ten"
    """Ten: all 267 stamps; some classes have 9 to 19, few to learn from and too few to measure with. Five: birds, fruit,
    household, mammals and plants, with 26 to 65 each."""
    background: Annotated[Literal["plain", "textured"], FIXED] = "plain"
    """Background of each cut-out: a muted plain colour, or gradients, stripes and clouds. Textured is harder."""
    image_size: Literal[96, 128] = 96
    """Height and width in pixels. The cut-outs have 96; 128 enlarges them, for networks that prefer larger images."""

    def fingerprint(self) -> str:
        """Hash of the embedded file, and the version of the backgrounds."""
        return f"{file_fingerprint(_FILE)} {_COMPOSITION}"

    def load(self) -> Examples:
        """197 or 267 examples, (image_size, image_size, 3) uint8; a stamp has the same background each time."""
        with np.load(_FILE) as file:
            stamps, targets, labels = file["x"], file["y"].astype(np.int64), file["classes"]
        counts = np.bincount(targets)
        kept = np.flatnonzero(counts >= (_MANY if self.classes == "five" else 0))
        where = np.flatnonzero(np.isin(targets, kept))
        inputs = np.stack([self._compose(stamps[index], index) for index in where.tolist()])
        return Examples(inputs, np.searchsorted(kept, targets[where]), tuple(map(str, labels[kept])))

    def _compose(self, stamp: np.ndarray, index: int) -> np.ndarray:
        """(96, 96, 4) -> (image_size, image_size, 3)."""
        size = self.image_size
        make = textures.plain if self.background == "plain" else textures.textured
        ground = Image.fromarray(np.ascontiguousarray(make(np.random.default_rng((_SEED, index)), size)))
        picture = Image.fromarray(stamp).resize((size, size), Image.Resampling.BICUBIC)
        return np.asarray(Image.alpha_composite(ground.convert("RGBA"), picture).convert("RGB"))
