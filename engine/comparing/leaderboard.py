"""The runs on one dataset ranked by a test metric, each with a confidence interval, and the baseline among them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.comparing.outcomes import Evaluated, check_same_examples, data_changed, read_evaluated, split_key
from engine.comparing.resampling import interval_of, resampled_metric
from engine.errors import TrainyardError
from engine.evaluation import deciding_metric
from engine.metrics import metric_named
from engine.runs import Run
from engine.settings import settings
from engine.tasks.base import tasks


@dataclass(frozen=True)
class Place:
    """One row: a run, or the baseline, which is not a run."""

    value: float
    run: Run | None = None
    baseline: str = ""
    low: float | None = None
    high: float | None = None
    """The confidence interval of `value`; None where per-example predictions are not known."""


@dataclass(frozen=True)
class Leaderboard:
    """Runs evaluated on the same test examples, the best first."""

    metric: str
    places: tuple[Place, ...]
    examples: int | None = None
    """Number of test examples, if any of the runs still records it."""
    others: tuple[int, ...] = ()
    """Runs that were left out: the data has changed since they were evaluated."""


def evaluated_runs(runs: Iterable[Run]) -> list[list[Run]]:
    """Return the runs evaluated on test examples, those with the same examples in one list; the longest list first."""
    alike: dict[str, list[Run]] = {}
    for run in runs:
        if run.study_id is None and any(name.startswith("test_") for name in run.result):
            alike.setdefault(split_key(run), []).append(run)
    return sorted(alike.values(), key=len, reverse=True)


def metrics_of(runs: list[Run]) -> list[str]:
    """Return the metrics by which these runs can be ranked, the deciding one first."""
    names = list(dict.fromkeys(n.removeprefix("test_") for run in runs for n in run.result if n.startswith("test_")))
    task = runs[0].spec["task"]["name"]
    if not names or task not in tasks:  # a plug-in may have been removed
        return names
    first = deciding_metric(tasks[task].objective, [*tasks[task].metric_names(), *names])
    return [first, *(name for name in names if name != first)] if first in names else names


def best_runs(runs: Iterable[Run], metric: str) -> list[Run]:
    """Return as many runs as a leaderboard holds, the best first."""
    name, sign = f"test_{metric}", _sign(metric)
    known = (run for run in runs if name in run.result)
    return sorted(known, key=lambda run: (sign * run.result[name], run.id))[: settings().max_leaderboard_runs]


def _sign(metric: str) -> float:
    return -1.0 if metric_named(metric).maximize else 1.0


def rank(runs: Iterable[Run], metric: str) -> Leaderboard:
    """Rank the best runs of one list from `evaluated_runs`, with their environment, by a test metric."""
    name = f"test_{metric}"
    runs = best_runs(runs, metric)
    evaluated, others = _same_examples(runs)
    runs = [run for run in runs if run.id not in others]
    examples = next((one.num_examples for one in evaluated.values()), None)
    intervals = _intervals(evaluated, metric)
    places = [Place(run.result[name], run, "", *intervals.get(run.id, (None, None))) for run in runs]
    places += _baseline(runs, metric, examples)
    places.sort(key=lambda place: _sign(metric) * place.value)
    return Leaderboard(metric, tuple(places), examples, tuple(sorted(others)))


def _same_examples(runs: list[Run]) -> tuple[dict[int, Evaluated], set[int]]:
    """Return per-example predictions by run, and the runs whose examples differ from those of the newest run."""
    evaluated: dict[int, Evaluated] = {}
    others: set[int] = set()
    newest_first = sorted(runs, key=lambda run: run.id, reverse=True)
    for run in newest_first:
        if data_changed(newest_first[0], run):
            others.add(run.id)
            continue
        try:
            one = read_evaluated(run)
        except TrainyardError:  # the value stands; only its interval is unknown
            continue
        try:
            check_same_examples(next(iter(evaluated.values()), one), one)
        except TrainyardError:
            others.add(run.id)
            continue
        evaluated[run.id] = one
    return evaluated, others


def _intervals(evaluated: dict[int, Evaluated], metric: str) -> dict[int, tuple[float, float]]:
    """Return Wilson's intervals for accuracy, which is a share of examples; the bootstrap's for means over them."""
    ids = [run_id for run_id, one in evaluated.items() if metric in one.scores]
    if not ids:
        return {}
    if metric == "accuracy":
        return {i: wilson(round(float(evaluated[i].scores[metric].sum())), evaluated[i].num_examples) for i in ids}
    drawn = resampled_metric(metric, np.stack([evaluated[i].scores[metric] for i in ids], axis=1))
    return {i: interval_of(column, evaluated[i].num_examples) for i, column in zip(ids, drawn.T, strict=True)}


def wilson(right: int, examples: int) -> tuple[float, float]:
    """Return the confidence interval of a share, at the level of the settings (Wilson 1927)."""
    from statsmodels.stats.proportion import proportion_confint

    low, high = proportion_confint(right, examples, alpha=1.0 - settings().confidence, method="wilson")
    return float(low), float(high)


def _baseline(runs: list[Run], metric: str, examples: int | None) -> list[Place]:
    """Return the baseline of the dataset, as recorded by the newest run that knows it."""
    known: dict[str, Any] = next(
        (run.result for run in sorted(runs, key=lambda run: -run.id) if f"baseline_{metric}" in run.result), {}
    )
    if not known:
        return []
    value = float(known[f"baseline_{metric}"])
    between = wilson(round(value * examples), examples) if metric == "accuracy" and examples else (None, None)
    return [Place(value, None, str(known.get("baseline_name", "")), *between)]
