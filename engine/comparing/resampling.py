"""The bootstrap: how metrics vary when test examples are resampled, with the same draws for all runs (Efron 1979)."""

import numpy as np

from engine.metrics import metric_named
from engine.settings import settings

_SEED = 0  # the same runs get the same verdict every time
_CELLS = 4_000_000  # examples times draws at once: bounds the memory to some ten MB


def resampled_means(values: np.ndarray, draws: int) -> np.ndarray:
    """Return means of `values` (examples, columns) over `draws` draws with replacement: (draws, columns).

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
    """Return the metric, given the mean of its per-example values."""
    return np.sqrt(means) if metric_named(metric).over == "root" else means


def resampled_metric(metric: str, scores: np.ndarray) -> np.ndarray:
    """Return a metric of several runs on as many draws as the settings say: (examples, runs) -> (draws, runs)."""
    return metric_of(metric, resampled_means(np.asarray(scores, np.float64), settings().bootstrap_draws))


def interval_of(drawn: np.ndarray, examples: int) -> tuple[float, float]:
    """Return the central part of `drawn` (draws,) that the confidence level asks for.

    With few examples it is wider, by as much as Student's t is wider than the normal distribution: the expanded percentile
    interval (Hesterberg 2014, https://arxiv.org/abs/1411.5279).
    """
    from scipy.special import ndtr, stdtrit

    freedom = max(examples - 1, 1)
    outside = ndtr(stdtrit(freedom, (1.0 - settings().confidence) / 2.0) * np.sqrt((freedom + 1) / freedom))
    low, high = np.quantile(drawn, [outside, 1.0 - outside])
    return float(low), float(high)


def interval_of_right(only_one: int, only_other: int, examples: int) -> tuple[float, float]:
    """Return the interval of the difference in accuracy, from the numbers of `examples` that only one of the two answers correctly.

    Two imagined examples, one for each, are added (Bonett and Price 2012): where 30 examples show no difference
    there may well be one in 30, and resampling examples that show none would never reveal it.
    """
    counts = np.array([only_one + 1, only_other + 1, examples - only_one - only_other])
    total = examples + 2
    drawn = np.random.default_rng(_SEED).multinomial(total, counts / total, settings().bootstrap_draws)
    return interval_of((drawn[:, 0] - drawn[:, 1]) / total, examples)
