"""A metric over time as a chart needs it: bounded in length however long the run."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from ui.charts.smoothing import smoothed

if TYPE_CHECKING:
    from engine.store import MetricPoint


Key = tuple[str, str, str]
"""Split, name and scope of a series."""


def rounded(value: float) -> float:
    """Five significant digits: all that a screen can show, in half the bytes."""
    return float(f"{value:.5g}")


@dataclass
class Series:
    """Values with the step and the epoch (a fraction) at which they were written, oldest first.

    Numbers are rounded once, when they come: a chart is built again for each new point.
    """

    steps: list[int] = field(default_factory=list)
    epochs: list[float] = field(default_factory=list)
    values: list[float | None] = field(default_factory=list)
    times: list[float] = field(default_factory=list)

    def append(self, point: "MetricPoint") -> None:
        """Add a newer point."""
        self.steps.append(point.step)
        self.epochs.append(rounded(point.epoch))
        if point.value is None or not math.isfinite(point.value):
            self.values.append(None)  # a gap
        else:
            self.values.append(rounded(point.value))
        self.times.append(point.at)

    @property
    def last(self) -> float | None:
        """The newest value."""
        return self.values[-1] if self.values else None

    def smoothed(self, weight: float) -> "Series":
        """Return the same points with smoothed values; see `ui.charts.smoothing.smoothed`."""
        values = smoothed(np.array(self.values, np.float64), weight)
        found = [None if math.isnan(value) else rounded(value) for value in values.tolist()]
        return replace(self, values=found)

    def thinned(self, most: int) -> "Series":
        """At most `most` points: every n-th, and always the newest."""
        if len(self.values) <= most:
            return self
        stride = -(-len(self.values) // (most - 1))
        keep = [*range(0, len(self.values) - 1, stride), len(self.values) - 1]
        return Series(*([column[i] for i in keep] for column in (self.steps, self.epochs, self.values, self.times)))


class SeriesReader:
    """Keeps the series of one run; each call of `take` adds what was written since."""

    def __init__(self) -> None:
        self.series: dict[Key, Series] = {}
        self.last_id = 0

    def take(self, points: Iterable["MetricPoint"]) -> bool:
        """Append points, oldest first. False when one lies before the newest of its series.

        That happens when a resumed run continues from a checkpoint: later points were deleted, so the reader must be
        discarded and everything read again.
        """
        for point in points:
            series = self.series.setdefault((point.split, point.name, point.scope), Series())
            if series.steps and point.step < series.steps[-1]:
                return False
            series.append(point)
            self.last_id = point.id
        return True
