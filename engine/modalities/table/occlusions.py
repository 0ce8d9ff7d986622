"""Cells of a row, made ordinary one after the other."""

from typing import Any

import numpy as np

from engine.data_info import DataInfo, Kind
from engine.modalities.occlusions import Occlusions

_FIELDS: tuple[tuple[str, Kind], ...] = (("numbers", "number"), ("dates", "date"), ("categories", "category"))


def typical_row(inputs: np.ndarray) -> dict[str, Any]:
    """Return the median of each number and each date, and the most frequent value of each category, as plain JSON."""
    found: dict[str, Any] = {}
    if "numbers" in (inputs.dtype.names or ()):
        present = [column[np.isfinite(column)] for column in inputs["numbers"].astype(np.float64).T]
        found["numbers"] = [float(np.median(column)) if len(column) else None for column in present]
    if "dates" in (inputs.dtype.names or ()):
        present = [column[np.isfinite(column)] for column in inputs["dates"].T]
        found["dates"] = [
            float(np.quantile(column, 0.5, method="lower")) if len(column) else None for column in present
        ]
    if "categories" in (inputs.dtype.names or ()):
        ranked = [np.unique(column.astype(str), return_counts=True) for column in inputs["categories"].T]
        found["categories"] = [str(values[counts.argmax()]) for values, counts in ranked]
    return found


def replace_cells(row: np.ndarray, typical: dict[str, Any], info: DataInfo) -> Occlusions:
    """(1,) row -> variants in which one column has its `typical_row` value; columns that have it already are left out."""
    parts, variants = [], []
    for field, kind in _FIELDS:
        for position, column in enumerate(info.named(kind)):
            value = typical[field][position]
            value = np.nan if value is None else value
            before = row[field][0, position]
            if before == value or (before != before and value != value):
                continue
            hidden = row.copy()
            hidden[field][0, position] = value
            parts.append({"column": column.name})
            variants.append(hidden)
    return Occlusions(parts, np.concatenate(variants) if variants else row[:0])
