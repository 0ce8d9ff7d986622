"""Transcripts as arrays of numbers: the code points of their characters, which are stored and compared without a vocabulary."""

import re
import unicodedata
from collections.abc import Iterable, Sequence

import numpy as np

from engine.targets import Ragged

_SPACES = re.compile(r"\s+")
_SILENT = re.compile(r"[^\w\s']|_")


def written(texts: Iterable[str]) -> Ragged:
    """Texts -> their code points, one row each."""
    return Ragged.of([np.array([ord(character) for character in text], np.int32) for text in texts], np.int32)


def read(points: Sequence[float] | np.ndarray) -> str:
    """The inverse for one row; numbers that are no characters are left out."""
    return "".join(chr(int(point)) for point in points if 0 < point < 0x110000)


def spoken(text: str) -> str:
    """Return what of a transcript can be heard: lower case, no punctuation but apostrophes, single spaces."""
    plain = _SILENT.sub(" ", unicodedata.normalize("NFKC", text).replace("\u2019", "'").lower())
    return _SPACES.sub(" ", plain).strip()
