"""Pictures with some emoji in each: how many is to be said."""

from typing import Any, ClassVar

import numpy as np
from PIL import Image

from engine.datasets.base import EMBEDDED, Dataset, Examples, datasets
from engine.datasets.sources import textures
from engine.files import file_fingerprint

_FILE = EMBEDDED / "images" / "emoji_32.npz"
_COUNT, _TEST, _SEED = 4_000, 600, 0
_SIDE, _MOST = 64, 9
_LEAST_SIZE, _LARGEST_SIZE = 11, 16  # pixels: nine of the largest leave room between them
_COMPOSITION = "1"  # raise it when the pictures change, so that prepared copies are made again


@datasets.register("emoji-counts", "Emoji counts (4,000 pictures)")
class EmojiCounts(Dataset):
    """Pictures of 64x64 pixels with none to nine emoji; the test split shows emoji that training has never seen."""

    tasks: ClassVar[tuple[str, ...]] = ("image-regression",)
    source: ClassVar[str] = (
        "Composed when it is prepared, from Google Noto Emoji in the npm package emoji-datasource-google, "
        "https://github.com/iamcal/emoji-data"
    )
    licence: ClassVar[str] = "Apache-2.0"
    limits: ClassVar[str] = (
        "Emoji never overlap and all are about equally large. A network that counts them may count by covered area; crowds and "
        "things of different sizes are harder."
    )
    num_examples: ClassVar[int] = _COUNT
    suggested: ClassVar[dict[str, Any]] = {"blocks": 3, "epochs": 15, "batch_size": 32, "patience": 5, "dropout": 0.1}

    def fingerprint(self) -> str:
        """Hash of the embedded drawings, and the version of the composition."""
        return f"{file_fingerprint(_FILE)} {_COMPOSITION}"

    def load(self) -> Examples:
        """4,000 pictures, (64, 64, 3) uint8, and how many emoji are in each."""
        with np.load(_FILE) as file:
            drawings = file["x_noto"]
        order = np.random.default_rng(_SEED).permutation(len(drawings))
        fresh, known = np.split(order, [len(order) // 5])
        counts = np.arange(_COUNT) % (_MOST + 1)
        test = np.arange(_COUNT) < _TEST
        pictures = [
            _picture(drawings[fresh if test[index] else known], int(count), index) for index, count in enumerate(counts)
        ]
        return Examples(np.stack(pictures), counts.astype(np.float64), target="emoji in the picture", test=test)


def _picture(drawings: np.ndarray, count: int, index: int) -> np.ndarray:
    """Return `count` of the drawings (emoji, 32, 32, 3), which are on white, on a plain ground, none over another: (64, 64, 3) uint8."""
    rng = np.random.default_rng((_SEED, index))
    ground = Image.fromarray(np.ascontiguousarray(textures.plain(rng, _SIDE)))
    taken: list[tuple[int, int, int]] = []
    while len(taken) < count:  # the seeds are fixed, and with these all find their places
        size = int(rng.integers(_LEAST_SIZE, _LARGEST_SIZE + 1))
        left, top = map(int, rng.integers(0, _SIDE - size + 1, 2))
        if any(left < x + s and x < left + size and top < y + s and y < top + size for x, y, s in taken):
            continue
        taken.append((left, top, size))
        drawing = Image.fromarray(drawings[rng.integers(len(drawings))])
        ink = Image.fromarray((np.asarray(drawing).min(axis=-1) < 250).astype(np.uint8) * 255)
        small = drawing.resize((size, size), Image.Resampling.BICUBIC)
        ground.paste(small, (left, top), ink.resize((size, size), Image.Resampling.BILINEAR))
    return np.asarray(ground)
