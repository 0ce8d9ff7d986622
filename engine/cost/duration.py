"""Estimate of the duration of a run, from runs that this machine has finished.

Each similar run gives its own estimate: its time besides training steps (building, tracing, evaluation), and its steps
scaled to other operations and another batch size. The estimate is their median, the range comes from their spread.
Before the first run there is no estimate.
"""

import math
import statistics
from dataclasses import dataclass
from typing import Any

from engine.cost.facts import NetworkFacts
from engine.runs import RunSpec
from engine.store.finished import FinishedRun

SAME, LIKE, OTHER = "same", "like", "other"
_LEAST_FACTOR = {SAME: 1.15, LIKE: 1.3, OTHER: 2.0}
"""The least factor between the estimate and either end of its range, by how much the runs have in common."""
_FEW_FACTOR = {SAME: 1.3, LIKE: 2.0, OTHER: 4.0}
"""The same where there are one or two runs, whose spread says nothing."""
_FEW = 3
_NEAREST = 7
_UNHURRIED = ("seed", "epochs", "patience", "watched")
"""Training fields that do not affect the time of an epoch."""
# What a step costs whatever it computes, and operations a second on top: only their ratio counts, since the level comes
# from the runs. From bench/cost.py, a network of two units and the default CNN.
_STEP_SECONDS = {"cpu": 4e-4, "gpu": 6e-4}
_FLOPS_A_SECOND = {"cpu": 3e10, "gpu": 5e12}


@dataclass(frozen=True)
class Duration:
    """Seconds of a whole run with all its epochs, the range they probably lie in, and the number of runs they come from."""

    seconds: float
    low: float
    high: float
    runs: int
    likeness: str
    """SAME settings, LIKE ones (the same model), or OTHER networks."""


def estimate_duration(past: list[FinishedRun], spec: RunSpec, facts: NetworkFacts, kind: str) -> Duration | None:
    """Estimate from the `past` runs on this machine with most in common; None where there are none. `kind`: "cpu" or "gpu"."""
    usable = [run for run in past if run.device.startswith(kind)]
    for likeness in (SAME, LIKE, OTHER):
        alike = [run for run in usable if _likeness(run, spec) == likeness]
        if alike:
            return _from_runs(alike, likeness, spec, facts, kind)
    return None


def _from_runs(alike: list[FinishedRun], likeness: str, spec: RunSpec, facts: NetworkFacts, kind: str) -> Duration:
    wanted = _example_seconds(facts.flops, spec.training.batch_size, kind)

    def distance(run: FinishedRun) -> float:
        return abs(math.log(_example_seconds(run.flops, run.batch_size, kind) / wanted))

    nearest = sorted(alike, key=distance)[:_NEAREST]
    figures = [_scaled(run, spec, facts, wanted, kind) for run in nearest]
    middle = statistics.median(figures)
    spread = math.exp(statistics.median([abs(math.log(figure / middle)) for figure in figures]) * 2)
    factor = max(_FEW_FACTOR[likeness] if len(figures) < _FEW else _LEAST_FACTOR[likeness], spread)
    folds = max(1, spec.dataset.folds)
    return Duration(folds * middle, folds * middle / factor, folds * middle * factor, len(nearest), likeness)


def _scaled(run: FinishedRun, spec: RunSpec, facts: NetworkFacts, wanted: float, kind: str) -> float:
    """Return what `run` would have taken with the wanted examples, epochs, operations and batch size."""
    steady = run.epochs * run.train_examples / run.examples_per_second
    rest = max(run.seconds - steady, 0.0)
    pace = wanted / _example_seconds(run.flops, run.batch_size, kind) / run.examples_per_second
    return rest + spec.training.epochs * facts.train_examples * pace


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
    return SAME if all(_timed(run.spec.get(name)) == _timed(part) for name, part in mine.items()) else LIKE


def _timed(part: dict[str, Any] | None) -> dict[str, Any]:
    """Return the fields of a part of a spec that the time of an epoch depends on."""
    return {name: value for name, value in (part or {}).items() if name not in _UNHURRIED}
