"""Quality of outputs: pure functions from arrays to plain JSON, independent of runs, networks and pages."""

from collections.abc import Iterable

from engine.metrics import metric_named


def deciding_metric(objective: str, metrics: Iterable[str]) -> str:
    """Return the one of `metrics` by which two methods are compared: the one that chose the best epoch, else the first."""
    names = list(metrics)
    wanted = objective.removeprefix("val_")
    return wanted if wanted in names else names[0]


def gain(metric: str, value: float, other: float) -> float:
    """Return how much better `value` is than `other`; negative when it is worse."""
    return value - other if metric_named(metric).maximize else other - value
