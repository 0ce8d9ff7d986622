"""Examples of series: windows of the past with the steps that follow, divided among the splits by time."""

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import Field

from engine.datasets.base import Dataset, Examples
from engine.errors import TrainyardError
from engine.spec import ADVANCED, FIXED, HIDDEN, Range
from engine.timeline import Timeline

_LEAST = 1e-9
MOST_FILLED = 3
"""Longest gap, in steps, that is filled along a straight line; no window may touch a longer one."""


class SeriesDataset(Dataset):
    """Series that are cut into windows. What was earlier is for training, what came last is for the test."""

    tasks: ClassVar[tuple[str, ...]] = ("time-series-forecasting",)

    window: Annotated[int, Range(2, 1024, log=True)] = 36
    """Steps of the past that the network sees."""
    horizon: Annotated[int, Range(1, 256, log=True), FIXED] = 12
    """Steps of the future that it tells."""
    stride: Annotated[int, Range(1, 256, log=True), FIXED, ADVANCED] = 1
    """Steps from one window to the next. 1 uses every origin; more makes fewer examples, which overlap less."""
    test_fraction: Annotated[float, Range(0.05, 0.5, step=0.01), FIXED, ADVANCED] = 0.15
    """Share of the time that is kept for the test split: the last part. No forecast of another split reaches into it."""
    split_seed: Annotated[int, HIDDEN] = 0
    """Without effect: series are split by time."""
    folds: Annotated[int, Field(ge=0, le=20), HIDDEN] = 0
    """Folds would mix past and future: 0."""

    def cut(self, series: Sequence[np.ndarray], line: Timeline, target: str) -> Examples:
        """Make examples of series (steps, channels); those of one dataset have the same channels."""
        if self.folds > 1:
            raise TrainyardError(
                "Folds would mix past and future of a series. Switch cross-validation off: the test already forecasts from "
                "many origins."
            )
        parts = self._parts(series, line)
        grids, targets, splits = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
        check_held_out(splits, line)
        return Examples(
            grids.astype(np.float32),
            targets.astype(np.float64),
            target=target,
            validation=splits == 1,
            test=splits == 2,
            timeline=line,
        )

    def _parts(self, series: Sequence[np.ndarray], line: Timeline) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Return the windows of each series that has any; where none has, raise what is wrong with the first."""
        parts, wrong = [], None
        for one in series:
            try:
                parts.append(self._windows(one, line))
            except TrainyardError as error:
                wrong = wrong or error
        if not parts and wrong is not None:
            raise wrong
        return parts

    def _windows(self, values: np.ndarray, line: Timeline) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Series (steps, channels) -> grids (windows, steps, channels), targets (windows, horizon + 1), split (windows,).

        Origins are counted from the end, so that they are the same for every window.
        """
        steps, horizon = len(values), line.horizon
        tested = max(round(steps * self.test_fraction), horizon)
        validated = max(round((steps - tested) * self.validation_fraction), horizon)
        test, validation = steps - tested, steps - tested - validated
        if validation < line.window + horizon:
            raise TrainyardError(
                "The series has {steps:,} steps. A window of {window} and a horizon of {horizon} need at least {least:,}, so that "
                "there is something to train on before the validation and the test. Choose a shorter window or horizon.",
                steps=steps,
                window=line.window,
                horizon=horizon,
                least=line.window + 3 * horizon,
            )
        origins = np.arange(steps - horizon, line.window - 1, -self.stride)[::-1]
        ends = origins + horizon
        split = np.where(origins >= test, 2, np.where((origins >= validation) & (ends <= test), 1, 0))
        kept = (split > 0) | (ends <= validation)  # a forecast that reaches into the next split belongs to none
        values, whole = without_gaps(values)
        spans = np.concatenate([[0], np.cumsum(~whole)])
        kept &= spans[origins + horizon] == spans[origins - line.window]
        if not (kept & (split == 0)).any():
            raise TrainyardError(
                "Every window of the training split has a gap of more than {most} steps.", most=MOST_FILLED
            )
        origins, split = origins[kept], split[kept]
        grids = values[origins[:, None] + np.arange(-line.window, horizon)].copy()
        targets = grids[:, line.window :, 0].copy()
        grids[:, line.window :, : line.hidden] = 0
        scale = usual_change(values[:validation, 0], line.season)
        return grids, np.concatenate([targets, np.full((len(targets), 1), scale)], axis=1), split


def check_held_out(splits: np.ndarray, line: Timeline) -> None:
    """Raise `TrainyardError` where validation or test has no window: one drawn at random would overlap those of training."""
    if not ((splits == 1).any() and (splits == 2).any()):
        raise TrainyardError(
            "No whole window of {window} steps, with the {horizon} steps after it, lies in the time that is kept for the validation, or "
            "for the test. Choose a shorter window or horizon, a smaller stride, or larger shares for validation and test.",
            window=line.window,
            horizon=line.horizon,
        )


def without_gaps(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Series (steps, channels) -> the same with gaps filled along straight lines, and (steps,) whether a step is in no long gap."""
    whole = np.ones(len(values), bool)
    columns = []
    for column in values.T:
        missing = ~np.isfinite(column)
        edges = np.flatnonzero(np.diff(np.concatenate([[0], missing.astype(int), [0]])))
        for start, end in zip(edges[::2], edges[1::2], strict=True):
            whole[start:end] &= end - start <= MOST_FILLED
        columns.append(filled(column)[0] if not missing.all() else np.zeros(len(column)))
    return np.stack(columns, axis=1), whole


def usual_change(values: np.ndarray, season: int) -> float:
    """Return the mean absolute change over one season of a series (steps,); of a shorter one that from step to step."""
    lag = season if len(values) > season else 1
    for step in (lag, 1):
        change = float(np.abs(values[step:] - values[:-step]).mean()) if len(values) > step else 0.0
        if change > _LEAST * max(1.0, float(np.abs(values).max(initial=0))):
            return change
    raise TrainyardError(
        "The series has the same value at all times of the training split: there is nothing to predict."
    )


def filled(values: np.ndarray) -> tuple[np.ndarray, int]:
    """Return a series (steps,) whose gaps are filled along straight lines, and how many values were missing."""
    known = np.isfinite(values)
    places: Any = np.arange(len(values))
    return np.interp(places, places[known], values[known]), int((~known).sum())
