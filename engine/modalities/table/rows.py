"""Rows of a table in memory and on disk: numbers as they are, dates as seconds since 1970, categories as positions
in a list of values. No pickle."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from engine.settings import settings

_NUMBERS, _DATES, _CODES, _VALUES = "numbers.npy", "dates.npy", "codes.npy", "values.json"


def make_rows(
    numbers: np.ndarray | None, categories: np.ndarray | None, dates: np.ndarray | None = None, *, wide: bool = False
) -> np.ndarray:
    """One structured array (examples,) of `numbers` (examples, k) float32, or float64 where `wide`, NaN for missing,
    `dates` (examples, d) float64, seconds since 1970, and `categories`
    (examples, m) strings, empty for missing. A field that would have no column is left out."""
    parts = {}
    if numbers is not None and numbers.shape[1]:
        kind = np.float64 if wide else np.float32
        parts["numbers"] = (np.asarray(numbers, kind), np.dtype(kind).str[1:])
    if dates is not None and dates.shape[1]:
        parts["dates"] = (np.asarray(dates, np.float64), "f8")
    if categories is not None and categories.shape[1]:
        parts["categories"] = (np.asarray(categories, object), "O")
    rows = np.empty(
        len(next(iter(parts.values()))[0]), [(name, kind, (part.shape[1],)) for name, (part, kind) in parts.items()]
    )
    for name, (part, _) in parts.items():
        rows[name] = part
    return rows


def is_wide(numbers: np.ndarray | None) -> bool:
    """Tell whether numbers have 64 bits."""
    return numbers is not None and numbers.dtype == np.float64


def equal_rows(rows: np.ndarray) -> np.ndarray:
    """A number for each row (examples,) that equal rows share: as groups they stay in one split."""
    seen: dict[tuple[bytes, ...], int] = {}
    fields = rows.dtype.names or ()
    return np.array(
        [
            seen.setdefault(tuple(repr(row[f]).encode() if f == "categories" else row[f].tobytes() for f in fields), i)
            for i, row in enumerate(rows)
        ]
    )


def category_values(column: np.ndarray) -> tuple[str, ...]:
    """Return the values of a column of categories (examples,), most frequent first; of very many, the first ones."""
    counts = Counter(value for value in column.tolist() if value)
    ranked = sorted(counts, key=lambda value: (-counts[value], value))
    return tuple(ranked[: settings().max_category_values])


class Rows:
    """A read-only sequence of rows that takes the place of an array of inputs."""

    def __init__(
        self,
        numbers: np.ndarray | None,
        codes: np.ndarray | None,
        values: Sequence[str],
        dates: np.ndarray | None = None,
    ) -> None:
        """`numbers` (rows, k) float32 or float64; `dates` (rows, d) float64; `codes` (rows, m) int32: positions in `values`, which
        all columns share."""
        self._numbers, self._dates, self._codes = numbers, dates, codes
        self._values = np.array(values, object)

    @classmethod
    def of(cls, rows: np.ndarray) -> "Rows":
        """In memory, from what `make_rows` makes."""
        fields = rows.dtype.names or ()
        numbers, dates = (rows[name] if name in fields else None for name in ("numbers", "dates"))
        if "categories" not in fields:
            return cls(numbers, None, [], dates)
        values = sorted(set(rows["categories"].ravel().tolist()))
        position = {value: code for code, value in enumerate(values)}
        codes = np.array([[position[value] for value in row] for row in rows["categories"]], np.int32)
        return cls(numbers, codes.reshape(rows["categories"].shape), values, dates)

    @classmethod
    def read(cls, folder: Path) -> "Rows":
        """Memory-map what was saved of `files` in `folder`."""
        numbers, dates, codes = (_mapped(folder / name) for name in (_NUMBERS, _DATES, _CODES))
        return cls(numbers, codes, json.loads((folder / _VALUES).read_text(encoding="utf-8")), dates)

    def files(self) -> dict[str, np.ndarray]:
        """The arrays that are to be saved, by file name."""
        arrays = {_NUMBERS: self._numbers, _DATES: self._dates, _CODES: self._codes}
        return {name: array for name, array in arrays.items() if array is not None}

    def texts(self) -> dict[str, str]:
        """The texts that are to be saved beside them, by file name."""
        return {_VALUES: json.dumps(self._values.tolist(), ensure_ascii=False)}

    def numbers(self) -> np.ndarray:
        """(rows, k) float32 of all rows, memory-mapped; without columns where none holds numbers."""
        return self._numbers if self._numbers is not None else np.empty((len(self), 0), np.float32)

    def keys(self) -> Iterator[bytes]:
        """Bytes that equal rows share, for each row."""
        parts = self._parts()
        return (b"".join(part[row].tobytes() for part in parts) for row in range(len(self)))

    @property
    def nbytes(self) -> int:
        """Of numbers, dates and codes."""
        return sum(part.nbytes for part in self._parts())

    def _parts(self) -> list[np.ndarray]:
        return [part for part in (self._numbers, self._dates, self._codes) if part is not None]

    def __len__(self) -> int:
        return len(self._parts()[0])

    def __iter__(self) -> Iterator[np.void]:
        return iter(self[np.arange(len(self))])

    def __getitem__(self, where: np.ndarray) -> np.ndarray:
        """Positions (examples,) -> rows (examples,) as `make_rows` makes them."""
        codes = None if self._codes is None else np.asarray(self._codes[where])
        return make_rows(
            None if self._numbers is None else np.asarray(self._numbers[where]),
            None if codes is None else self._values[codes],
            None if self._dates is None else np.asarray(self._dates[where]),
            wide=is_wide(self._numbers),
        )


def _mapped(path: Path) -> np.ndarray | None:
    return np.load(path, mmap_mode="r") if path.is_file() else None
