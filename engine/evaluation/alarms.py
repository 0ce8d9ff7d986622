"""Alarms that people have time for: the threshold that a budget allows, and what is found with it."""

from dataclasses import dataclass

import numpy as np

from engine.timeline import Timeline

_WEEK, _YEAR = 604_800.0, 31_556_952.0
_SECONDS = {
    "minute": 60.0, "hour": 3_600.0, "day": 86_400.0, "week": _WEEK, "month": _YEAR / 12, "quarter": _YEAR / 4, "year": _YEAR,
}  # fmt: skip


def weeks_of(examples: int, line: Timeline) -> float:
    """Return the weeks that so many windows watch, of all machines together; a step of unknown length counts as an hour."""
    return examples * line.every * (_SECONDS.get(line.step) or line.seconds or _SECONDS["hour"]) / _WEEK


def threshold_for(probabilities: np.ndarray, alarms: float) -> float:
    """Return the least probability from which on at most so many of `probabilities` (examples,) are alarms, at most 1."""
    ranked = np.sort(np.asarray(probabilities, np.float64))[::-1]
    allowed = int(alarms)
    if allowed >= len(ranked):
        return 0.0
    return float(min(1.0, (ranked[allowed - 1] + ranked[allowed]) / 2 if allowed else (ranked[0] + 1) / 2))


@dataclass(frozen=True)
class Alarms:
    """What a threshold leads to."""

    count: int
    right: int
    """Alarms that a failure followed."""
    failing: int
    """Windows that a failure followed."""
    failures: int
    """Failures: such windows in a row are of one."""
    announced: int
    """Failures with at least one alarm before them."""

    @property
    def precision(self) -> float:
        """Share of the alarms that a failure followed; NaN without any alarm."""
        return self.right / self.count if self.count else float("nan")

    @property
    def recall(self) -> float:
        """Share of the failures that were announced; NaN without any failure."""
        return self.announced / self.failures if self.failures else float("nan")


def alarms_at(threshold: float, probabilities: np.ndarray, fails: np.ndarray) -> Alarms:
    """Return what happens where all windows in the order of time (examples,) are alarms whose probability exceeds `threshold`."""
    raised, fails = np.asarray(probabilities) > threshold, np.asarray(fails, bool)
    event = np.cumsum(np.diff(fails.astype(int), prepend=0) == 1)[fails]
    caught = np.unique(event[raised[fails]])
    return Alarms(
        int(raised.sum()), int((raised & fails).sum()), int(fails.sum()), int(event.max(initial=0)), len(caught)
    )
