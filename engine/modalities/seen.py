"""What a network gets of one input once it is prepared, for people: a picture, words, or named numbers."""

import base64
import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np


@dataclass(frozen=True)
class Seen:
    """One prepared input. What does not apply is empty."""

    picture: bytes = b""
    """A PNG, a pixel for each number or a few."""
    words: tuple[str, ...] = ()
    """The units of a text in order; one that is outside the vocabulary is empty."""
    numbers: tuple[tuple[str, str | None, float], ...] = ()
    """Column, category and value of each number: None for a column of numbers, an empty category for a missing value."""

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON."""
        return {
            "picture": plain_pixels(self.picture),
            "words": list(self.words),
            "numbers": list(self.numbers),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """The inverse of `to_dict`."""
        return cls(as_png(data["picture"]), tuple(data["words"]), tuple(map(tuple, data["numbers"])))


def plain_pixels(png: bytes) -> dict[str, Any] | None:
    """Return a picture that was made here as its numbers: who gets them opens no file of another process. None: no picture."""
    from PIL import Image

    if not png:
        return None
    with Image.open(io.BytesIO(png)) as picture:
        pixels = np.asarray(picture if picture.mode == "L" else picture.convert("RGB"))
    return {"shape": list(pixels.shape), "pixels": base64.b64encode(pixels.tobytes()).decode()}


def as_png(plain: Mapping[str, Any] | None) -> bytes:
    """The inverse of `plain_pixels`. Raises `ValueError` for numbers of another shape."""
    from PIL import Image

    if plain is None:
        return b""
    pixels = np.frombuffer(base64.b64decode(plain["pixels"]), np.uint8).reshape(plain["shape"])
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="PNG")
    return buffer.getvalue()
