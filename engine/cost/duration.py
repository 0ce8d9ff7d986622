"""Estimate of the duration of a run, from runs that this machine has finished.

A run that differs in its seed alone takes as long as the earlier ones took. Otherwise each similar run gives its own
estimate: its time besides epochs (building, tracing, evaluation), and its epochs scaled to other operations and another
batch size. The estimate is their median, the range comes from their spread. Before the first run there is no estimate.
"""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from engine.cost.facts import NetworkFacts
from engine.runs import RunSpec
from engine.store.finished import FinishedRun

IDENTICAL, SAME, LIKE, OTHER = "identical", "same", "like", "other"
_LEAST_FACTOR = {IDENTICAL: 1.15, SAME: 1.15, LIKE: 1.3, OTHER: 4.0}
"""The least factor between the estimate and either end of its range, by how much the runs have in common."""
_FEW_FACTOR = {IDENTICAL: 1.3, SAME: 1.3, LIKE: 2.0, OTHER: 4.0}
"""The same where there are one or two runs, whose spread says nothing."""
_FEW = 3
_NEAREST = 7
_LENGTH = ("epochs", "patience", "first_best")
"""Training fields that affect the number of epochs and not the time of one."""
_UNHURRIED = ("seed", "watched")
"""Training fields that affect neither."""
# What a step costs whatever it computes, and operations a second on top: only their ratio counts, since the level comes
# from the runs. From bench/cost.py, a network of two units and the default CNN.
_STEP_SECONDS = {"cpu": 4e-4, "gpu": 6e-4}
_FLOPS_A_SECOND = {"cpu": 3e10, "gpu": 5e12}


@dataclass(frozen=True)
class Duration:
    """Seconds of a whole run, the range they probably lie in, and the number of runs they come from."""

    seconds: float
    low: float
    high: float
    runs: int
    likeness: str
    """IDENTICAL but for the seed, the SAME but for the number of epochs, LIKE (the same model), or OTHER networks."""
    early: bool = False
    """Whether `seconds` has all epochs, though early stopping may end the run before; `low` allows for it."""


def estimate_duration(past: list[FinishedRun], spec: RunSpec, facts: NetworkFacts, kind: str) -> Duration | None:
    """Estimate from the `past` runs on this machine with most in common; None where there are none. `kind`: "cpu" or "gpu"."""
    usable = [run for run in past if run.device.startswith(kind)]
    for likeness in (IDENTICAL, SAME, LIKE, OTHER):
        alike = [run for run in usable if _likeness(run, spec) == likeness]
        if alike:
            return _from_runs(alike, likeness, spec, facts, kind)
    return None


def estimate_unbuilt(past: list[FinishedRun], spec: RunSpec, kind: str) -> Duration | None:
    """Estimate one run of a network that nobody has built yet: it counts as large as that of the run with most in common. Of
    a cross-validation, one fold."""
    usable = [run for run in past if run.device.startswith(kind)]
    order = (IDENTICAL, SAME, LIKE, OTHER)
    nearest = min(usable, key=lambda run: order.index(_likeness(run, spec)), default=None)
    if nearest is None:
        return None
    facts = NetworkFacts(0, 0, 0.0, int(nearest.flops), 0, 0, 0, nearest.train_examples, 0)
    return estimate_duration(
        past, replace(spec, dataset=spec.dataset.model_copy(update={"folds": 0, "fold": 0})), facts, kind
    )


def _from_runs(alike: list[FinishedRun], likeness: str, spec: RunSpec, facts: NetworkFacts, kind: str) -> Duration:
    wanted = _example_seconds(facts.flops, spec.training.batch_size, kind)

    def distance(run: FinishedRun) -> float:
        return abs(math.log(_example_seconds(run.flops, run.batch_size, kind) / wanted))

    def figures(epochs: int) -> list[float]:
        if likeness == IDENTICAL:
            return [run.seconds for run in nearest]
        return [_scaled(run, epochs, facts.train_examples, wanted, kind) for run in nearest]

    nearest = sorted(alike, key=distance)[:_NEAREST]
    training = spec.training
    early = likeness != IDENTICAL and training.patience > 0
    most = figures(training.epochs)
    least = figures(min(training.epochs, training.first_best + training.patience)) if early else most
    factor = _factor(most, likeness)
    folds = max(1, spec.dataset.folds)
    middle, soonest = (folds * statistics.median(found) for found in (most, least))
    return Duration(middle, soonest / factor, middle * factor, len(nearest), likeness, early)


def _factor(figures: Sequence[float], likeness: str) -> float:
    """Return the factor between the median of `figures` and either end of the range."""
    middle = statistics.median(figures)
    spread = math.exp(statistics.median([abs(math.log(figure / middle)) for figure in figures]) * 2)
    return max(_FEW_FACTOR[likeness] if len(figures) < _FEW else _LEAST_FACTOR[likeness], spread)


def _scaled(run: FinishedRun, epochs: int, train_examples: int, wanted: float, kind: str) -> float:
    """Return what `run` would have taken with the wanted epochs, examples, operations and batch size."""
    rest = max(run.seconds - run.epochs * run.epoch_seconds, 0.0)
    slower = wanted / _example_seconds(run.flops, run.batch_size, kind)
    return rest + epochs * run.epoch_seconds * slower * train_examples / run.train_examples


def _example_seconds(flops: float, batch_size: int, kind: str) -> float:
    """Return roughly what training one example costs: its share of the step, plus forward and backward as three times forward."""
    return _STEP_SECONDS[kind] / batch_size + 3 * flops / _FLOPS_A_SECOND[kind]


def _likeness(run: FinishedRun, spec: RunSpec) -> str:
    mine = spec.to_dict()
    if (
        run.spec.get("model", {}).get("name") != spec.model.name
        or run.spec.get("task", {}).get("name") != spec.task.name
    ):
        return OTHER
    if any(
        _without(run.spec.get(name), *_UNHURRIED, *_LENGTH) != _without(part, *_UNHURRIED, *_LENGTH)
        for name, part in mine.items()
    ):
        return LIKE
    longer = _without(run.spec["training"], *_UNHURRIED) != _without(mine["training"], *_UNHURRIED)
    return SAME if longer else IDENTICAL


def _without(part: dict[str, Any] | None, *fields: str) -> dict[str, Any]:
    """Return a part of a spec without some of its fields."""
    return {name: value for name, value in (part or {}).items() if name not in fields}
