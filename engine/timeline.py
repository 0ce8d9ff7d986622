"""Facts about one example of a series: which steps it has, and which of its cells a forecaster may see."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np


@dataclass(frozen=True)
class Timeline:
    """One example is a grid (window + horizon, channels). A forecast is of the first channel in the last `horizon` steps.

    The first `hidden` channels are not known in the future: the target, and what is only measured afterwards. The others are,
    such as holidays. Cells that nobody can know are zero, and no network reads them.
    """

    window: int
    """Steps of the past that are seen."""
    horizon: int
    """Steps of the future that are told."""
    season: int = 1
    """Steps after which the series is expected to repeat itself: 12 for months; 1: it is not."""
    step: str = "step"
    """Unit of time: "month", "day" ..."""
    names: tuple[str, ...] = ("value",)
    """Of the channels, the target first."""
    hidden: int = 1
    watched: bool = False
    """Whether all channels are measured and none is told: what is asked is whether something happens within the next `horizon` steps.
    An example is its window alone then."""
    every: int = 1
    """Steps from one example to the next."""
    seconds: float = 0.0
    """Of a step, where its unit does not say it; 0: not known."""

    @property
    def shape(self) -> tuple[int, int]:
        """Axes of one example."""
        return self.window + (0 if self.watched else self.horizon), len(self.names)

    def visible(self) -> np.ndarray:
        """Return which cells of an example are seen: bool, of `shape`."""
        found = np.ones(self.shape, bool)
        found[self.window :, : self.hidden] = False
        return found

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON."""
        numbers = {"window": self.window, "horizon": self.horizon, "season": self.season, "hidden": self.hidden}
        more: dict[str, Any] = {"watched": True, "every": self.every} if self.watched else {}
        more |= {"seconds": self.seconds} if self.seconds else {}
        return numbers | {"step": self.step, "names": list(self.names)} | more

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """The inverse of `to_dict`."""
        return cls(**{**data, "names": tuple(data["names"])})
