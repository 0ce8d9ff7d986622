"""What mattered, laid over a picture: orange where the answer loses without a place, blue where it gains."""

import io
from collections.abc import Mapping, Sequence

import numpy as np
from PIL import Image

_LOSES, _GAINS = np.array([255, 122, 0]), np.array([30, 110, 255])
_STRONGEST = 0.75


def heat_png(picture: Image.Image, places: Sequence[tuple[Mapping[str, float], float]], width: int) -> bytes:
    """Return `picture` in grey, `width` pixels wide, under the colours of its parts.

    `places`: `top`, `left`, `bottom` and `right` from 0 to 1, each with its effect, of which the largest is 1 or -1.
    """
    size = (width, max(1, round(width * picture.height / picture.width)))
    few = max(picture.size) < width / 2  # pixels that can be counted stay squares
    grey = picture.convert("L").resize(size, Image.Resampling.NEAREST if few else Image.Resampling.BICUBIC)
    effects = np.zeros(size[::-1])
    for part, share in places:
        rows = slice(round(part["top"] * size[1]), round(part["bottom"] * size[1]))
        effects[rows, round(part["left"] * size[0]) : round(part["right"] * size[0])] = share
    strength = _STRONGEST * np.abs(effects)[..., None]
    colours = np.where(effects[..., None] > 0, _LOSES, _GAINS)
    mixed = (1 - strength) * np.asarray(grey)[..., None] + strength * colours
    buffer = io.BytesIO()
    Image.fromarray(mixed.astype(np.uint8)).save(buffer, format="PNG")
    return buffer.getvalue()
