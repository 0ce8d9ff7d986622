"""Recordings of any length on disk: all samples in one file, and where each ends in another, memory-mapped when read."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

_SAMPLES, _ENDS = "inputs.npy", "ends.npy"


class Clips:
    """A read-only sequence of recordings that takes the place of an array of inputs."""

    def __init__(self, samples: np.ndarray, ends: np.ndarray) -> None:
        """`samples` (all of them,) int16, one recording after the other; `ends` (recordings,) int64: where each ends."""
        self._samples, self._ends = samples, ends

    @classmethod
    def of(cls, clips: Sequence[np.ndarray]) -> "Clips":
        """In memory; silence at the end of each is left out, for it is what shorter ones are filled up with."""
        parts = [clip[: sounding(clip)] for clip in clips]
        ends = np.cumsum([len(part) for part in parts], dtype=np.int64)
        return cls(np.concatenate(parts).astype(np.int16) if parts else np.zeros(0, np.int16), ends)

    @classmethod
    def read(cls, folder: Path) -> "Clips":
        """Memory-map what was saved of `files` in `folder`."""
        return cls(np.load(folder / _SAMPLES, mmap_mode="r"), np.load(folder / _ENDS))

    def files(self) -> dict[str, np.ndarray]:
        """Return the arrays to save, by file name."""
        return {_SAMPLES: self._samples, _ENDS: self._ends}

    @property
    def nbytes(self) -> int:
        """Of the samples."""
        return int(self._samples.nbytes)

    @property
    def lengths(self) -> np.ndarray:
        """(recordings,) samples of each."""
        return np.diff(self._ends, prepend=0)

    def __len__(self) -> int:
        return len(self._ends)

    def __iter__(self) -> Iterator[np.ndarray]:
        return (self._one(position) for position in range(len(self)))

    def __getitem__(self, where: np.ndarray) -> np.ndarray:
        """Positions (examples,) -> (examples, longest of them) int16, filled up with zeros."""
        return together([self._one(int(position)) for position in where])

    def _one(self, position: int) -> np.ndarray:
        start = int(self._ends[position - 1]) if position else 0
        return np.asarray(self._samples[start : int(self._ends[position])])


def together(clips: Sequence[np.ndarray], length: int = 1) -> np.ndarray:
    """Recordings as one array (examples, longest) int16, at least `length` long, filled up with zeros."""
    found = np.zeros((len(clips), max([length, *map(len, clips)])), np.int16)
    for row, clip in zip(found, clips, strict=True):
        row[: len(clip)] = clip
    return found


def sounding(clip: np.ndarray) -> int:
    """Return the samples (samples,) up to the last that is not zero."""
    heard = np.flatnonzero(clip)
    return int(heard[-1]) + 1 if len(heard) else 0
