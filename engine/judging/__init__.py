"""How good outputs are: pure functions from arrays to plain JSON. They know neither runs nor networks nor pages."""

from collections.abc import Iterable

LESS_IS_BETTER = frozenset({"loss", "cross_entropy", "ece", "mae", "rmse"})
"""Metrics that measure an error; of all others more is better."""
SHARES = frozenset({"accuracy", "macro_f1", "precision", "recall", "f1", "ece"})
"""Metrics between 0 and 1 that are shown as percentages; their differences are points."""
ROOTS = frozenset({"rmse"})
"""Metrics that are the root of a mean over examples."""


def deciding_metric(objective: str, metrics: Iterable[str]) -> str:
    """The one of `metrics` by which two methods are compared: what decided between epochs, else the first."""
    names = list(metrics)
    wanted = objective.removeprefix("val_")
    return wanted if wanted in names else names[0]


def gain(metric: str, value: float, other: float) -> float:
    """How much better `value` is than `other`; negative when it is worse."""
    return other - value if metric in LESS_IS_BETTER else value - other
