"""Charts as SVG: what is drawn, and where. The template only writes down the numbers that are computed here."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar, Literal, TypeGuard

import numpy as np

from engine.reporting.parts import Part

Look = Literal["train", "validation", "running", "level"]
WIDTH, HEIGHT = 480, 270
"""Units of the picture, which is stretched to the width of its place."""
MOST_POINTS = 500
"""Most points of one line."""
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 12, 10, 40
_TICKS = 5


@dataclass(frozen=True)
class Line:
    """Values over x; a value that is not a number is a gap."""

    title: str
    look: Look
    x: Sequence[float]
    y: Sequence[float | None]


@dataclass(frozen=True)
class Dot:
    """One marked point."""

    title: str
    x: float
    y: float


@dataclass(frozen=True)
class Plot(Part):
    """A chart of lines, of a cloud of points, or of bars. All of its numbers are finite."""

    template: ClassVar[str] = "plot.html"
    title: str
    spoken: str
    """What it shows, for people who do not see it."""
    x_title: str
    y_title: str = ""
    lines: Sequence[Line] = ()
    best: Dot | None = None
    cloud: tuple[Sequence[float], Sequence[float]] | None = None
    bars: tuple[Sequence[float], Sequence[float]] | None = None
    """Edges (bars + 1,) and heights (bars,)."""
    shares: bool = False
    """Whether y is between 0 and 1 and reads best in per cent."""
    from_zero: bool = False
    """Whether x begins at zero."""
    size: tuple[int, int] = field(default=(WIDTH, HEIGHT))

    @cached_property
    def across(self) -> "Scale":
        """The horizontal axis."""
        values = [x for line in self.lines for x in line.x] + ([0.0] if self.from_zero else [])
        values += [*self.cloud[0]] if self.cloud else []
        values += [*self.bars[0]] if self.bars else []
        return Scale.over(values, _LEFT, WIDTH - _RIGHT)

    @cached_property
    def up(self) -> "Scale":
        """The vertical axis, from the bottom."""
        values = [y for line in self.lines for y in line.y if _is_number(y)]
        values += [*self.cloud[1]] if self.cloud else []
        values += [0.0, *self.bars[1]] if self.bars else []
        return Scale.over(values, HEIGHT - _BOTTOM, _TOP, shares=self.shares)

    def path(self, line: Line) -> str:
        """Return the SVG path of a line."""
        steps, pen = [], "M"
        for x, y in thinned(line.x, line.y):
            if _is_number(y):
                steps.append(f"{pen}{self.across.at(x):.1f} {self.up.at(y):.1f}")
            pen = "L" if _is_number(y) else "M"
        return "".join(steps)

    def columns(self) -> list[tuple[float, float, float, float]]:
        """Return the bars as left, top, width and height."""
        edges, heights = self.bars or ((), ())
        bottom = self.up.at(0)
        return [
            (self.across.at(left), self.up.at(high), self.across.at(right) - self.across.at(left), bottom - self.up.at(high))
            for left, right, high in zip(edges, edges[1:], heights, strict=False)
        ]  # fmt: skip

    def points(self) -> list[tuple[float, float]]:
        """Return where the points of the cloud are."""
        xs, ys = self.cloud or ((), ())
        return [(self.across.at(x), self.up.at(y)) for x, y in zip(xs, ys, strict=True)]


@dataclass(frozen=True)
class Scale:
    """An axis: numbers from `low` to `high` between two places of the picture."""

    low: float
    high: float
    start: float
    end: float
    step: float
    shares: bool = False

    @classmethod
    def over(cls, values: Sequence[float], start: float, end: float, *, shares: bool = False) -> "Scale":
        """Return the axis that holds all values, with round ends."""
        low, high = min(values, default=0.0), max(values, default=1.0)
        if low == high:
            low, high = low - (abs(low) or 1) / 2, high + (abs(high) or 1) / 2
        step = _round_step((high - low) / _TICKS)
        return cls(math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step, start, end, step, shares)

    def at(self, value: float) -> float:
        """Return the place of a value."""
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)

    @property
    def ticks(self) -> list[tuple[float, str]]:
        """Place and words of each tick."""
        count = round((self.high - self.low) / self.step)
        values = [self.low + i * self.step for i in range(count + 1)]
        return [(self.at(value), self._words(0.0 if abs(value) < self.step / 1e6 else value)) for value in values]

    def _words(self, value: float) -> str:
        if self.shares:
            return f"{100 * value:.4g}%"
        return f"{value:,.0f}" if self.step >= 1 and abs(value) < 1e6 else f"{value:.4g}"


def thinned(x: Sequence[float], y: Sequence[float | None]) -> list[tuple[float, float | None]]:
    """Return at most `MOST_POINTS` points, spread evenly, with the first and the last."""
    points = list(zip(x, y, strict=True))
    if len(points) <= MOST_POINTS:
        return points
    return [points[i] for i in np.linspace(0, len(points) - 1, MOST_POINTS).astype(int)]


def _round_step(rough: float) -> float:
    """Return 1, 2 or 5 times a power of ten that is not below `rough`."""
    power = 10.0 ** math.floor(math.log10(rough))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * (1 - 1e-9))


def _is_number(value: float | None) -> TypeGuard[float]:
    return value is not None and math.isfinite(value)
