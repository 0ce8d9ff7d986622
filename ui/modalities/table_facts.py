"""Facts about a table's columns before any network: kind, gaps, typical values, distribution. Pure functions."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from engine.data_info import Column, DataInfo
from engine.dates import write_date
from engine.preparation.prepare import PreparedDataset, Split

MOST_ROWS = 20_000
"""Rows of the training split that are looked at, at most."""
_BINS = 16


@dataclass(frozen=True)
class ColumnFacts:
    """One column over the rows of the training split."""

    column: Column
    missing: float
    """Share of the rows without a value."""
    typical: float | str | None
    """Median of numbers and dates, most frequent category; None where nothing is known."""
    low: float | None
    """Smallest number; of dates the earliest, in seconds since 1970."""
    high: float | None
    """Largest number."""
    distribution: tuple[float, ...]
    """Shares of the rows in equal steps between low and high, or of the most frequent categories."""
    step: float | None = None
    """A small change of a number, round; 1 where all are whole."""


def column_facts(prepared: PreparedDataset) -> list[ColumnFacts]:
    """Each column, in the order of the arrays."""
    info = prepared.info
    where = prepared.indices("train")
    rows = prepared.inputs[where[np.linspace(0, len(where) - 1, min(len(where), MOST_ROWS)).astype(int)]]
    found = [
        _number(column, values) for column, values in zip(info.named("number"), _columns(rows, "numbers"), strict=True)
    ]
    found += [_date(column, values) for column, values in zip(info.named("date"), _columns(rows, "dates"), strict=True)]
    found += [
        _category(column, values)
        for column, values in zip(info.named("category"), _columns(rows, "categories"), strict=True)
    ]
    return found


def _columns(rows: np.ndarray, field: str) -> Sequence[np.ndarray]:
    return list(rows[field].T) if field in (rows.dtype.names or ()) else []


def _number(column: Column, values: np.ndarray) -> ColumnFacts:
    wide = values.dtype == np.float64
    present = values[np.isfinite(values)].astype(np.float64)
    missing = 1.0 - len(present) / max(len(values), 1)
    if not len(present):
        return ColumnFacts(column, missing, None, None, None, ())
    low, high = float(present.min()), float(present.max())
    counts, _edges = np.histogram(present, _BINS) if high > low else (np.array([len(present)]), None)
    whole = bool((present == np.rint(present)).all())
    step = 1.0 if whole else float(f"{(high - low) / 50 or 1.0:.0e}")
    shares = tuple((counts / len(present)).round(4).tolist())
    typical, lowest, highest = (tidy(each, wide=wide) for each in (float(np.median(present)), low, high))
    return ColumnFacts(column, missing, typical, lowest, highest, shares, step)


def _date(column: Column, values: np.ndarray) -> ColumnFacts:
    found = _number(column, values)
    if found.typical is None:
        return found
    return replace(found, typical=dated(float(found.typical), column), step=None)


def _category(column: Column, values: np.ndarray) -> ColumnFacts:
    known, counts = np.unique(values.astype(str), return_counts=True)
    empty = int(counts[known == ""].sum())
    order = np.argsort(-counts[known != ""], kind="stable")
    ranked, sizes = known[known != ""][order], counts[known != ""][order]
    shares = tuple((sizes[:_BINS] / max(sizes.sum(), 1)).round(4).tolist())
    return ColumnFacts(column, empty / max(len(values), 1), str(ranked[0]) if len(ranked) else None, None, None, shares)


def tidy(value: float, *, wide: bool = False) -> float:
    """A number of 32 bits without the digits that these bits do not hold: 39.1, not 39.099998474121094."""
    return value if wide else float(f"{value:.7g}")


def records(rows: np.ndarray, info: DataInfo) -> list[dict[str, float | str | None]]:
    """Rows as `make_rows` makes them -> dictionaries by column name, None for missing."""
    names = {"numbers": info.named("number"), "dates": info.named("date"), "categories": info.named("category")}
    found: list[dict[str, float | str | None]] = [{} for _row in rows]
    wide = info.wide
    for field in rows.dtype.names or ():
        for record, values in zip(found, rows[field].tolist(), strict=True):
            cells = zip(names[field], values, strict=True)
            if field == "dates":
                record |= {column.name: dated(value, column) for column, value in cells}
            else:
                record |= {column.name: _cell(value, wide=wide) for column, value in cells}
    return found


def dated(seconds: float, column: Column) -> str | None:
    """Return a date in ISO 8601, with the time of day where its column has some; None where it is missing."""
    return write_date(seconds, times=column.read_as.times) if np.isfinite(seconds) else None


def _cell(value: Any, *, wide: bool) -> float | str | None:
    if isinstance(value, float):
        return tidy(value, wide=wide) if np.isfinite(value) else None
    return value or None


def spread_out(prepared: PreparedDataset, split: Split, count: int) -> np.ndarray:
    """Positions of `count` examples of a split, the same each time: of as many classes, or far-apart values, as there is room."""
    order = np.random.default_rng(0).permutation(prepared.indices(split))
    targets = prepared.targets[order]
    if prepared.codec.numbers:
        ranked = order[np.argsort(targets, kind="stable")]
        return np.asarray(ranked[np.linspace(0, len(ranked) - 1, min(count, len(ranked))).astype(int)])
    rank = np.empty(len(order), dtype=int)  # how many of its class come before it: one of each class first
    for target in np.unique(targets):
        rank[targets == target] = np.arange((targets == target).sum())
    return np.asarray(order[np.argsort(rank, kind="stable")][:count])
