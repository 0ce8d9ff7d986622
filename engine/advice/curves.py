"""Rules that read learning curves: when overfitting began, and whether a run was still learning when it ended."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_LEAST_AFTER = 3
"""Epochs that must follow the best one before a rise is believed."""
_NOISES = 3.0
_LEAST_RISE = 0.02
"""A rise must be larger than so many times the noise of an epoch, and than this part of the loss: on curves that only
scatter, fewer than one in twenty is called overfitting (tests/test_headline_rules.py counts them)."""
_ERRORS = 2.0
_LEAST_GAIN = 0.02
"""A slope must be larger than so many times its standard error, and gain this part of all that was gained."""
_LEAST_WINDOW = 4


@dataclass(frozen=True)
class Overfitting:
    """From the epoch at `position` (from 0) on, validation loss rose while training loss fell."""

    position: int
    validation: tuple[float, float]
    """Smoothed loss there, and at the end."""
    train: tuple[float, float]


def overfitting(train: Sequence[float], validation: Sequence[float]) -> Overfitting | None:
    """Return where overfitting began, or None.

    Both losses are smoothed over three epochs. Overfitting begins at the lowest smoothed validation loss, if at least
    three epochs follow, training loss fell since, and the mean of the last third of these epochs lies above it by more
    than three times the noise of an epoch (more if there are only a few) and by more than 2 %.
    """
    count = min(len(train), len(validation))
    held, learned = np.asarray(validation[:count], float), np.asarray(train[:count], float)
    if count <= _LEAST_AFTER or not (np.isfinite(held).all() and np.isfinite(learned).all()):
        return None
    smooth, learned = smoothed(held), smoothed(learned)
    lowest = int(smooth.argmin())
    after = count - 1 - lowest
    if after < _LEAST_AFTER or learned[-1] >= learned[lowest]:
        return None
    end = float(held[-max(_LEAST_AFTER, after // 3) :].mean())
    rise = end - float(smooth[lowest])
    bends = after - 1  # from few of them the noise itself is known only roughly
    if rise <= max(_NOISES * (1 + 2 / bends) ** 0.5 * noise(held[lowest:]), _LEAST_RISE * abs(float(smooth[lowest]))):
        return None
    return Overfitting(lowest, (float(smooth[lowest]), end), (float(learned[lowest]), float(learned[-1])))


def still_learning(values: Sequence[float], *, maximize: bool) -> float | None:
    """Return the improvement of the objective per epoch at the end, or None if it no longer improved.

    The best epoch must be among the last tenth (at least the last two), and the line through the last third (at least
    four epochs) must rise by more than twice the standard error of its slope, and by more than 2 % of all that the run
    has gained. With fewer than four epochs each must be better than the one before.
    """
    given = np.asarray(values, float) * (1.0 if maximize else -1.0)
    if len(given) < 2 or not np.isfinite(given).all():
        return None
    if int(given.argmax()) < len(given) - max(2, round(len(given) / 10)):
        return None
    window = given[-max(_LEAST_WINDOW, round(len(given) / 3)) :]
    if len(window) < _LEAST_WINDOW:
        return float(np.diff(window).mean()) if (np.diff(window) > 0).all() else None
    slope, error = _slope(window)
    gained = float(given.max() - given.min())
    if slope <= _ERRORS * error or slope * (len(window) - 1) <= _LEAST_GAIN * gained:
        return None
    return slope


def smoothed(values: np.ndarray) -> np.ndarray:
    """Return means over three epochs; over two at both ends."""
    return np.array([values[max(0, at - 1) : at + 2].mean() for at in range(len(values))])


def noise(values: np.ndarray) -> float:
    """Return the standard deviation of single epochs about a smooth curve, from second differences.

    The second difference of independent values of deviation s has deviation s times the root of 6, whatever the slope.
    """
    bends = np.diff(values, 2)
    return float(np.sqrt(np.mean(np.square(bends)) / 6)) if len(bends) else 0.0


def _slope(values: np.ndarray) -> tuple[float, float]:
    """Return the slope of the least-squares line per epoch, and its standard error."""
    x = np.arange(len(values)) - (len(values) - 1) / 2
    slope = float(x @ values / (x @ x))
    left = values - values.mean() - slope * x
    return slope, float(np.sqrt(left @ left / (len(values) - 2) / (x @ x)))
