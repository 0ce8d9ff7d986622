"""The bootstrap: how figures vary when test examples are drawn anew, all runs on the same draws (Efron 1979)."""

import numpy as np

from engine.metrics import metric_named
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
    return np.sqrt(means) if metric_named(metric).over == "root" else means


def resampled_metric(metric: str, scores: np.ndarray) -> np.ndarray:
    """A metric of several runs on as many draws as the settings say: (examples, runs) -> (draws, runs)."""
    return metric_of(metric, resampled_means(np.asarray(scores, np.float64), settings().bootstrap_draws))


def interval_of(drawn: np.ndarray, examples: int) -> tuple[float, float]:
    """The part in the middle of `drawn` (draws,) that the confidence level asks for.

    Of few examples it is wider, by as much as Student's t is wider than the normal distribution: the expanded percentile
    interval (Hesterberg 2014, https://arxiv.org/abs/1411.5279).
    """
    from scipy.special import ndtr, stdtrit

    freedom = max(examples - 1, 1)
    outside = ndtr(stdtrit(freedom, (1.0 - settings().confidence) / 2.0) * np.sqrt((freedom + 1) / freedom))
    low, high = np.quantile(drawn, [outside, 1.0 - outside])
    return float(low), float(high)


def interval_of_right(only_one: int, only_other: int, examples: int) -> tuple[float, float]:
    """How much more of `examples` one of two answers rightly, from how many only it and only the other has right.

    Two imagined examples, one for each, are drawn along (Bonett and Price 2012): where 30 examples show no difference
    it may well be one in 30, and drawing anew what shows none would never tell.
    """
    counts = np.array([only_one + 1, only_other + 1, examples - only_one - only_other])
    total = examples + 2
    drawn = np.random.default_rng(_SEED).multinomial(total, counts / total, settings().bootstrap_draws)
    return interval_of((drawn[:, 0] - drawn[:, 1]) / total, examples)
