"""Tables that ship with the project as CSV files."""

import csv
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from engine.data_info import Column
from engine.datasets.base import EMBEDDED, Examples, UnsplitDataset
from engine.files import file_fingerprint
from engine.modalities.table.rows import category_values, equal_rows, make_rows


class CsvTable(UnsplitDataset):
    """A table in `data/tables`, with a header; an empty cell is a missing value."""

    tasks: ClassVar[tuple[str, ...]] = ("tabular-classification",)
    file: ClassVar[str] = ""
    """Name of the file."""
    numbers: ClassVar[tuple[str, ...]] = ()
    """Names of the columns that hold numbers."""
    categories: ClassVar[tuple[str, ...]] = ()
    """Names of the columns that hold words."""
    target: ClassVar[str] = ""
    """Name of the column that is predicted."""
    classes: ClassVar[dict[str, str]] = {}
    """Value in that column -> the label people read, in the order of the classes."""

    @property
    def path(self) -> Path:
        """Path of the file."""
        return EMBEDDED / "tables" / self.file

    def available(self) -> bool:
        """Whether the file is there."""
        return self.path.is_file()

    def fingerprint(self) -> str:
        """The file's hash."""
        return file_fingerprint(self.path)

    def rows(self, *, duplicates: bool) -> Examples:
        """All rows. With `duplicates` equal rows are the same thing twice, and stay in one split."""
        with self.path.open(encoding="utf-8", newline="") as file:
            found: list[dict[str, Any]] = list(csv.DictReader(file))
        numbers = np.array([[float(row[name] or "nan") for name in self.numbers] for row in found], np.float32)
        categories = np.array([[row[name] for name in self.categories] for row in found], object)
        inputs = make_rows(numbers, categories)
        codes = {value: code for code, value in enumerate(self.classes)}
        return Examples(
            inputs=inputs,
            targets=np.array([codes[row[self.target]] for row in found], np.int64),
            labels=tuple(self.classes.values()),
            groups=equal_rows(inputs) if duplicates else None,
            columns=(
                *(Column(name, "number") for name in self.numbers),
                *(
                    Column(name, "category", category_values(column))
                    for name, column in zip(self.categories, categories.T, strict=True)
                ),
            ),
        )
