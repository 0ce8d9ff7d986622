"""Series of machines that fail: told as any series, or cut into windows after which a failure comes or does not."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, ClassVar, Literal, Self

import numpy as np

from engine.datasets.base import Examples
from engine.datasets.sources.windows import SeriesDataset, check_held_out, without_gaps
from engine.errors import TrainyardError
from engine.spec import FIXED, HIDDEN
from engine.timeline import Timeline

LABELS = ("keeps running", "fails")
"""What a machine does within the steps to come."""
_READINGS: dict[str, Literal["", "failures"]] = {"time-series-forecasting": "", "predictive-maintenance": "failures"}

Machine = tuple[np.ndarray, np.ndarray]
"""What was measured (steps, channels), and when it was down (steps,) bool."""


class WatchedDataset(SeriesDataset):
    """Series with times at which something failed. `load` gives forecasts; the other task gets windows before failures."""

    tasks: ClassVar[tuple[str, ...]] = tuple(_READINGS)

    asked: Annotated[Literal["", "failures"], FIXED, HIDDEN] = ""
    """Use of the series, set by the task. Empty: they are to be forecast. failures: whether one comes is to be told."""

    def for_task(self, task: str) -> Self:
        """Values or failures."""
        return self.model_copy(update={"asked": _READINGS[task]})

    def task(self) -> str:
        """As the field says."""
        return next(task for task, asked in _READINGS.items() if asked == self.asked)

    def load_for_task(self) -> Examples:
        """Windows with the values that follow, or with whether a failure follows."""
        return self.watched() if self.asked else self.load()

    @abstractmethod
    def watched(self) -> Examples:
        """Return windows as `cut_watched` makes them."""

    def cut_watched(self, machines: Sequence[Machine], line: Timeline, labels: tuple[str, str] = LABELS) -> Examples:
        """Make examples of machines: windows of the same channels, each with whether a failure begins in the `horizon` steps after it.

        The time of each machine is divided: no window, with the steps after it, lies in two parts. Windows at whose end the machine is
        down are left out.
        """
        if self.folds > 1:
            raise TrainyardError("Folds would mix past and future of a series. Switch cross-validation off.")
        parts = [self._watched(values, down, line) for values, down in machines]
        windows, fails, splits = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
        if len(set(fails[splits == 0].tolist())) < 2:
            raise TrainyardError(
                "In the training split are {count:,} windows, of which {failing:,} are followed by a failure; both kinds are needed. "
                "Choose a shorter window, a longer horizon or a smaller stride.",
                count=int((splits == 0).sum()),
                failing=int(fails[splits == 0].sum()),
            )
        check_held_out(splits, line)
        return Examples(
            windows.astype(np.float32),
            fails.astype(np.int64),
            labels,
            validation=splits == 1,
            test=splits == 2,
            timeline=replace(line, watched=True, every=self.stride, hidden=len(line.names)),
        )

    def _watched(
        self, values: np.ndarray, down: np.ndarray, line: Timeline
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """One machine -> windows (windows, steps, channels), whether each fails (windows,), split (windows,)."""
        steps, window, horizon = len(values), line.window, line.horizon
        test = steps - round(steps * self.test_fraction)
        validation = test - round(test * self.validation_fraction)
        ends = np.arange(steps - horizon, window - 1, -self.stride)[::-1]
        splits = np.full(len(ends), -1)
        for split, (first, last) in enumerate(((0, validation), (validation, test), (test, steps))):
            splits[(ends - window >= first) & (ends + horizon <= last)] = split
        values, whole = without_gaps(values)
        holes = np.concatenate([[0], np.cumsum(~whole)])
        begins = np.concatenate([[0], np.cumsum(down & ~np.concatenate([[False], down[:-1]]))])
        kept = (splits >= 0) & (holes[ends] == holes[ends - window]) & ~down[ends - 1]
        ends, splits = ends[kept], splits[kept]
        return values[ends[:, None] + np.arange(-window, 0)], begins[ends + horizon] > begins[ends], splits
