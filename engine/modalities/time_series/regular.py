"""From rows with times to equal steps: the step is found, what lies in one is averaged, and gaps stay gaps."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.errors import TrainyardError
from engine.sentences import Sentence

_SECONDS = {"minute": 60.0, "hour": 3_600.0, "day": 86_400.0, "week": 604_800.0}
_MONTH, _QUARTER, _YEAR = (27.5, 31.5), (88.0, 93.0), (364.0, 367.0)  # days
_SEASONS = {"minute": 60, "hour": 24, "day": 7, "week": 52, "month": 12, "quarter": 4}
_NEAR, _MOST = 0.02, 0.9
_CALENDAR = (1e8, 1e10)
"""Times between these, 1973 to 2286, are seconds; others may be numbers of rows, or milliseconds."""
_MOST_STEPS = 2_000_000
"""Steps of one series: a time that is centuries off must not fill the memory with gaps."""


@dataclass(frozen=True)
class Regular:
    """A series at equal steps."""

    values: np.ndarray
    """(steps, channels), NaN in gaps."""
    step: str
    """Unit of time; "step" for one that has no name."""
    seconds: float
    """Between most rows; 0 where times only number the rows."""
    remarks: tuple[Sentence, ...] = ()
    """What had to be changed."""

    @property
    def season(self) -> int:
        """Return the steps of the season that is usual for this unit; 1: none."""
        return _SEASONS.get(self.step, 1)


def times_of(cells: Sequence[object]) -> np.ndarray:
    """Cells as they are written -> seconds (rows,) float64, NaN where there is no time. Time zones are obeyed; without one it is UTC."""
    import pandas as pd

    if all(cell is None or isinstance(cell, int | float) for cell in cells):
        return np.array([np.nan if cell is None else cell for cell in cells], np.float64)
    texts = pd.Series([None if cell is None else str(cell) for cell in cells], dtype="object")
    numbers = pd.to_numeric(texts, errors="coerce")
    if numbers.notna().sum() == texts.notna().sum() and numbers.notna().any() and not numbers.between(1500, 2200).all():
        return np.asarray(numbers, np.float64)
    found = pd.to_datetime(texts, errors="coerce", utc=True, format="mixed")
    seconds = found.astype("datetime64[ns, UTC]").astype("int64").to_numpy() / 1e9
    return np.where(found.isna(), np.nan, seconds)


def are_times(cells: Sequence[object], *, rising: bool) -> bool:
    """Return whether nearly all cells are times; `rising`: whether each must be later than the one before."""
    times = times_of([None if cell != cell else cell for cell in cells])
    return bool(len(times) and np.isfinite(times).mean() > _MOST and (not rising or (np.diff(times) > 0).all()))


def regular(times: np.ndarray, values: np.ndarray, unit: str = "") -> Regular:
    """Rows at `times` (rows,) with `values` (rows, channels) -> equal steps. `unit`: of several series the step of the first.

    Raises `TrainyardError` where there are too few times.
    """
    known = np.isfinite(times)
    remarks = []
    if left := int((~known).sum()):
        remarks.append(Sentence("Rows without a time are left out: {count:,}.", count=left))
    order = np.argsort(times[known], kind="stable")
    if (np.diff(times[known]) < 0).any():
        remarks.append(Sentence("Rows are put in the order of their times."))
    times, values = times[known][order], values[known][order]
    distances = np.diff(np.unique(times))
    if len(distances) < 1:
        raise TrainyardError(
            "A series needs at least two different times; found {count:,}.", count=len(np.unique(times))
        )
    step = unit if unit and unit != "step" else step_of(float(np.median(distances)))
    places = _places(times, step, float(np.median(distances)))
    if places[-1] >= _MOST_STEPS:
        raise TrainyardError(
            "From the first to the last time there are {steps:,} steps; at most {most:,} are possible. Is a time wrong?",
            steps=int(places[-1]) + 1,
            most=_MOST_STEPS,
        )
    if repeated := len(places) - len(np.unique(places)):
        remarks.append(Sentence("Rows that share a step with another are averaged: {count:,}.", count=repeated))
    found = _averaged(places, values)
    missing = np.isnan(found[:, 0])
    if missing.any():
        remarks.append(
            Sentence(
                "Steps without a value: {count:,} of {all:,}; the longest gap has {longest:,}.",
                count=int(missing.sum()),
                all=len(found),
                longest=longest_gap(missing),
            )
        )
    real = _CALENDAR[0] < times[0] <= times[-1] < _CALENDAR[1]
    return Regular(found, step, float(np.median(distances)) if real else 0.0, tuple(remarks))


def step_of(seconds: float) -> str:
    """Return the unit of time that a distance is, or "step"."""
    for name, size in _SECONDS.items():
        if abs(seconds / size - 1) < _NEAR:
            return name
    days = seconds / _SECONDS["day"]
    units = {"month": _MONTH, "quarter": _QUARTER, "year": _YEAR}
    return next((name for name, (low, high) in units.items() if low <= days <= high), "step")


def longest_gap(missing: np.ndarray) -> int:
    """Return the most steps in a row that are missing, of (steps,) bool."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], missing.astype(int), [0]])))
    return int((edges[1::2] - edges[::2]).max(initial=0))


def _places(times: np.ndarray, step: str, distance: float) -> np.ndarray:
    """Return the step of each time, from 0: of months and longer by the calendar."""
    months = {"month": 1, "quarter": 3, "year": 12}.get(step)
    if months:
        found = (times * 1e9).astype("int64").astype("datetime64[ns]").astype("datetime64[M]").astype(
            np.int64
        ) // months
        return np.asarray(found - found[0])
    return np.asarray(np.rint((times - times[0]) / _SECONDS.get(step, distance)).astype(np.int64))


def _averaged(places: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return the mean of the known values in each step (steps, channels), NaN where there is none."""
    known = np.isfinite(values)
    sums, counts = (np.zeros((int(places[-1]) + 1, values.shape[1])) for _ in range(2))
    np.add.at(sums, places, np.where(known, values, 0.0))
    np.add.at(counts, places, known)
    return np.asarray(np.where(counts > 0, sums / np.maximum(counts, 1), np.nan))
