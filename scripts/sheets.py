"""Contact sheets: all pictures of one page beside each other."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

GAP = 12
SCALE = 0.36
"""Of the pictures on a sheet."""
MOST_PIXELS = 1_500
"""Height beyond which a picture is cut on a sheet."""


@dataclass(frozen=True)
class Shot:
    """One picture of a page."""

    language: str
    theme: str
    width: int
    picture: Image.Image


def write_sheet(folder: Path, name: str, shots: Sequence[Shot]) -> Path:
    """Write a sheet: a row for each language, light before dark, wide before narrow."""
    rows = [
        [shot for shot in shots if shot.language == language] for language in dict.fromkeys(s.language for s in shots)
    ]
    small = [
        [_small(shot.picture) for shot in sorted(row, key=lambda s: (s.theme == "dark", -s.width))] for row in rows
    ]
    width = max(sum(one.width + GAP for one in row) + GAP for row in small)
    heights = [max(one.height for one in row) for row in small]
    sheet = Image.new("RGB", (width, sum(heights) + GAP * (len(rows) + 1)), "#808080")
    top = GAP
    for row, height in zip(small, heights, strict=True):
        left = GAP
        for one in row:
            sheet.paste(one, (left, top))
            left += one.width + GAP
        top += height + GAP
    path = folder / f"{name}.webp"
    sheet.save(path, quality=50, method=6)
    return path


def _small(picture: Image.Image) -> Image.Image:
    size = (round(picture.width * SCALE), round(picture.height * SCALE))
    return picture.resize(size, Image.Resampling.LANCZOS).crop(
        (0, 0, size[0], min(size[1], round(MOST_PIXELS * SCALE)))
    )
