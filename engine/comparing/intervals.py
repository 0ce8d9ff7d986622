"""The confidence interval of one metric of one run, from what it made of single examples."""

import numpy as np

from engine.comparing.leaderboard import wilson
from engine.comparing.resampling import interval_of, resampled_means, resampled_metric
from engine.settings import settings


def interval(metric: str, scores: np.ndarray) -> tuple[float, float]:
    """Return the interval of a metric whose value follows from the mean of `scores` (examples,).

    Wilson's where each example is right or wrong, else the bootstrap's.
    """
    if np.isin(scores, (0.0, 1.0)).all():
        return wilson(round(float(scores.sum())), len(scores))
    return interval_of(resampled_metric(metric, scores[:, None])[:, 0], len(scores))


def interval_of_ratio(parts: np.ndarray) -> tuple[float, float]:
    """Return the interval of `exp(a / b)`, where a and b are sums over examples of the two columns of `parts` (examples, 2)."""
    means = resampled_means(np.asarray(parts, np.float64), settings().bootstrap_draws)
    return interval_of(np.exp(means[:, 0] / means[:, 1]), len(parts))
