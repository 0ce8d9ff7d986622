"""The bootstrap: how figures vary when test examples are drawn anew, all runs on the same draws (Efron 1979)."""

import numpy as np

from engine.judging import ROOTS
from engine.settings import settings

_SEED = 0  # the same runs get the same verdict each time
_CELLS = 4_000_000  # examples times draws at once: bounds the memory to some ten MB


def resampled_means(values: np.ndarray, draws: int) -> np.ndarray:
    """Means of `values` (examples, columns) over `draws` draws with replacement: (draws, columns).

    All columns see the same draws: the difference of two is a paired bootstrap.
    """
    examples = len(values)
    rng = np.random.default_rng(_SEED)
    found = []
    for begin in range(0, draws, portion := max(1, _CELLS // examples)):
        count = min(portion, draws - begin)
        drawn = rng.integers(0, examples, (count, examples)) + examples * np.arange(count)[:, None]
        times = np.bincount(drawn.ravel(), minlength=count * examples).reshape(count, examples)
        found.append(times @ values / examples)
    return np.concatenate(found)


def metric_of(metric: str, means: np.ndarray) -> np.ndarray:
    """The metric from the means of what it says of single examples."""
    return np.sqrt(means) if metric in ROOTS else means


def resampled_metric(metric: str, scores: np.ndarray) -> np.ndarray:
    """A metric of several runs on as many draws as the settings say: (examples, runs) -> (draws, runs)."""
    return metric_of(metric, resampled_means(np.asarray(scores, np.float64), settings().bootstrap_draws))


def interval_of(drawn: np.ndarray) -> tuple[float, float]:
    """The part in the middle of `drawn` (draws,) that the confidence level asks for."""
    outside = (1.0 - settings().confidence) / 2.0
    low, high = np.quantile(drawn, [outside, 1.0 - outside])
    return float(low), float(high)
