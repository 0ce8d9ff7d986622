"""Quality of outputs: pure functions from arrays to plain JSON, independent of runs, networks and pages."""

from collections.abc import Iterable, Mapping

from engine.metrics import metric_named


def deciding_metric(objective: str, metrics: Iterable[str]) -> str:
    """Return the one of `metrics` by which two methods are compared: the one that chose the best epoch, else the first."""
    names = list(metrics)
    wanted = objective.removeprefix("val_")
    return wanted if wanted in names else names[0]


def gain(metric: str, value: float, other: float) -> float:
    """Return how much better `value` is than `other`; negative when it is worse."""
    return value - other if metric_named(metric).maximize else other - value


def contrary(
    metric: str, names: Iterable[str], metrics: Mapping[str, float | None], others: Mapping[str, float]
) -> str:
    """Return the first of the metrics `names` that ranks two methods the other way round than `metric` does.

    Empty where none does. The deciding metric gives the verdict, and a figure that says the opposite is named beside it:
    both stand on the page.
    """

    def ahead(name: str) -> float:
        value, other = metrics.get(name), others.get(name)
        return 0.0 if value is None or other is None else gain(name, value, other)

    verdict = ahead(metric)
    return next((name for name in names if name != metric and ahead(name) * verdict < 0), "")
