"""Texts of any length on disk: one file of UTF-8 bytes and one of positions, memory-mapped when read. No pickle."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

_BYTES, _ENDS = "inputs.npy", "ends.npy"


class Texts:
    """A read-only sequence of strings that takes the place of an array of inputs."""

    def __init__(self, data: np.ndarray, ends: np.ndarray) -> None:
        """`data` (bytes,) uint8: all texts in UTF-8, one after the other; `ends` (texts,) int64: where each ends."""
        self._data, self._ends = data, ends

    @classmethod
    def of(cls, texts: Sequence[str]) -> "Texts":
        """In memory."""
        encoded = [text.encode() for text in texts]
        ends = np.cumsum([len(text) for text in encoded], dtype=np.int64)
        return cls(np.frombuffer(b"".join(encoded), np.uint8), ends)

    @classmethod
    def read(cls, folder: Path) -> "Texts":
        """Memory-map what was saved of `files` in `folder`."""
        return cls(np.load(folder / _BYTES, mmap_mode="r"), np.load(folder / _ENDS))

    def files(self) -> dict[str, np.ndarray]:
        """Return the arrays to save, by file name."""
        return {_BYTES: self._data, _ENDS: self._ends}

    @property
    def nbytes(self) -> int:
        """Of the letters."""
        return int(self._data.nbytes)

    def __len__(self) -> int:
        return len(self._ends)

    def __iter__(self) -> Iterator[str]:
        return (self._text(position) for position in range(len(self)))

    def __getitem__(self, where: np.ndarray) -> np.ndarray:
        """Positions (examples,) -> strings (examples,), an array of objects."""
        found = np.empty(len(where), object)
        found[:] = [self._text(int(position)) for position in where]
        return found

    def _text(self, position: int) -> str:
        start = self._ends[position - 1] if position else 0
        return bytes(self._data[start : self._ends[position]]).decode()


def texts_array(texts: Any) -> np.ndarray:
    """Texts in lists as one array of bytes, which are JSON: the way scripts get them."""
    return np.frombuffer(json.dumps(texts).encode("ascii"), np.uint8)
