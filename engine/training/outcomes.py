"""Per-example predictions, written as they come: evaluation holds one portion in memory, whatever the outputs are."""

import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np

from engine.settings import settings
from engine.targets import Ragged, Stored

ENDS = "_ends"
"""Suffix of the name of a ragged array's ends."""


class Column:
    """One array that grows at its end on disk: rows of one shape, or ragged ones."""

    def __init__(self, folder: Path, name: str) -> None:
        self.name = name
        self._path = folder / f"{name}.raw"
        self._file: IO[bytes] | None = None
        self._like = np.empty(0)
        self._ends: list[np.ndarray] | None = None
        self._rows = 0

    def add(self, rows: Stored) -> None:
        """Append rows (some, ...)."""
        values = np.ascontiguousarray(rows.values if isinstance(rows, Ragged) else rows)
        if self._file is None:
            self._file, self._like = self._path.open("wb"), values[:0]
            self._ends = [] if isinstance(rows, Ragged) else None
        if self._ends is not None and isinstance(rows, Ragged):
            self._ends.append(rows.ends + self._rows)
        self._file.write(values.astype(self._like.dtype, copy=False).data)
        self._rows += len(values)

    def read(self) -> Stored:
        """Return all rows so far, memory-mapped."""
        if self._file is None:
            return np.empty(0, np.float32)
        self._file.flush()
        shape = (self._rows, *self._like.shape[1:])
        size = int(np.prod(shape))
        values = (
            np.memmap(self._path, self._like.dtype, "r", shape=shape) if size else np.empty(shape, self._like.dtype)
        )
        return values if self._ends is None else Ragged(values, np.concatenate(self._ends))

    @property
    def size_bytes(self) -> int:
        """Return the size on disk."""
        return self._rows * int(np.prod(self._like.shape[1:])) * self._like.itemsize

    def arrays(self) -> Iterator[tuple[str, np.ndarray]]:
        """Return the stored arrays, by name."""
        found = self.read()
        if isinstance(found, Ragged):
            yield self.name, found.values
            yield self.name + ENDS, found.ends
        else:
            yield self.name, found

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()


class OutcomeFile:
    """The columns of one file of per-example predictions while they are written."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._columns: dict[str, Column] = {}

    def add(self, name: str, rows: Stored) -> None:
        """Append rows to a column."""
        self._columns.setdefault(name, Column(self._folder, name)).add(rows)

    def read(self, name: str) -> Stored:
        """Return the rows of a column so far."""
        return self._columns[name].read()

    def bound(self, name: str) -> None:
        """Drop a column that takes more than `max_outcomes_mb`, as images of a large split would."""
        if name in self._columns and self._columns[name].size_bytes > settings().max_outcomes_mb * 1_000_000:
            self._columns.pop(name).close()

    def write(self, path: Path) -> None:
        """Write an npz file so that `path` is complete at any moment."""
        temporary = path.with_suffix(".tmp")
        try:
            with temporary.open("wb") as file:
                with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
                    for column in self._columns.values():
                        for name, array in column.arrays():
                            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                                _write_array(member, array)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)  # on a full disk every byte counts
            raise

    def close(self) -> None:
        """Close all files."""
        for column in self._columns.values():
            column.close()


def _write_array(member: IO[bytes], array: np.ndarray) -> None:
    """Write a header and the rows in portions."""
    header: dict[str, Any] = {"descr": np.lib.format.dtype_to_descr(array.dtype), "fortran_order": False}
    np.lib.format.write_array_header_2_0(member, header | {"shape": array.shape})
    step = max(1, 16_000_000 // max(array.itemsize * int(np.prod(array.shape[1:])), 1))
    for start in range(0, len(array), step):
        member.write(np.ascontiguousarray(array[start : start + step]).tobytes())


@contextmanager
def outcome_file(path: Path) -> Iterator[OutcomeFile]:
    """Collect predictions beside `path`, and write them there at the end; a block that fails leaves nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".outcomes-", dir=path.parent))
    found = OutcomeFile(folder)
    try:
        yield found
        found.write(path)
    finally:
        found.close()
        shutil.rmtree(folder, ignore_errors=True)
