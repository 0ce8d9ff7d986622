"""Trials as reconstructed from their runs: what was tried and with which result, without asking Optuna."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import fmean
from typing import Any

import numpy as np

from engine.runs import Run, RunSpec, RunState
from engine.studies import MODEL, OBJECTIVES, QUALITY, StudySpec, dimensions, models_of


@dataclass(frozen=True)
class Trial:
    """One trial with its runs: one, or one for each fold that has begun."""

    number: int
    state: RunState
    """The state of its last run; failed if a completed one has nothing to evaluate, pruned if folds are missing."""
    params: dict[str, Any]
    """The value of each hyperparameter that varies and that its model has."""
    values: tuple[float | None, ...]
    """Its value for each objective so far; final once it has completed."""
    runs: tuple[Run, ...]

    @property
    def run(self) -> Run:
        """The last of its runs."""
        return self.runs[-1]

    @property
    def live(self) -> bool:
        """Whether it is waiting or training."""
        return self.state.live

    @property
    def evaluated(self) -> bool:
        """Whether it counts when the best is chosen."""
        return self.state is RunState.COMPLETED and None not in (*self.values, *self.params.values())

    @property
    def started_at(self) -> datetime | None:
        """When its first run began to train."""
        return self.runs[0].started_at

    @property
    def seconds(self) -> float | None:
        """Duration of training; None until it has ended. A clock that was set back does not shorten it."""
        began, ended = self.started_at, self.run.ended_at
        return max(0.0, (ended - began).total_seconds()) if began and ended and self.state.final else None


class TrialReader:
    """Builds trials from a study's runs. What they share is looked up once: there may be thousands."""

    def __init__(self, spec: StudySpec) -> None:
        base = RunSpec.build(spec.values)
        self.spec = spec
        self.metric = base.task.objective
        """The metric that is the quality, such as `val_accuracy`."""
        self.quality_maximize = base.task.maximize
        """Whether higher is better."""
        self.folds = max(1, base.dataset.folds)
        """Number of runs of a trial, one after the other."""
        self.maximize = spec.maximize()
        """Whether each objective is maximized."""
        self.fields = spec.fields()
        """The hyperparameters that vary, by name."""
        found = dimensions(base, models_of(base, spec.space)).items()
        self._sections = {field.name: section for section, fields in found for field in fields}

    @property
    def needs_environment(self) -> bool:
        """Whether an objective is read from the environment that the worker recorded."""
        return "parameters" in self.spec.objectives

    def trial(self, runs: Sequence[Run]) -> Trial:
        """Return the trial of these runs, in the order in which they started."""
        last = runs[-1]
        values = tuple(self._value(runs, name) for name in self.spec.objectives)
        return Trial(last.trial or 0, self._state(runs, values), self._params(last), values, tuple(runs))

    def _params(self, run: Run) -> dict[str, Any]:
        used = self.spec.used({MODEL: (run.spec.get("model") or {}).get("name", "")})
        return {name: self._param(run, name) for name in used}

    def _param(self, run: Run, name: str) -> Any:
        part = run.spec.get(self._sections[name]) or {}
        return part.get("name" if name == MODEL else name)

    def _state(self, runs: Sequence[Run], values: Sequence[float | None]) -> RunState:
        last = runs[-1].state
        if last is not RunState.COMPLETED:
            return last
        if len(runs) < self.folds:  # pruned between two folds, unless the next one begins at once
            return RunState.PRUNED
        return RunState.FAILED if None in values else RunState.COMPLETED

    def _value(self, runs: Sequence[Run], name: str) -> float | None:
        found = [value for run in runs if (value := measured(run, name, self.metric)) is not None]
        known = [value for value in found if math.isfinite(value)]
        return fmean(known) if known and len(known) == len(found) else None


def measured(run: Run, objective: str, metric: str) -> float | None:
    """Return the value of an objective as the worker recorded it; `metric` is the one that is the quality."""
    if objective == QUALITY:
        found = run.best.get(metric)
    else:
        key = OBJECTIVES[objective].key
        found = run.result.get(key, run.environment.get(key))
    return None if found is None else float(found)


def best_trials(trials: Sequence[Trial], maximize: Sequence[bool]) -> list[Trial]:
    """Return the best trials that count; with several objectives all that are not dominated, sorted by the first."""
    evaluated = [trial for trial in trials if trial.evaluated]
    if not evaluated:
        return []
    losses = np.array([trial.values for trial in evaluated], float) * np.where(maximize, -1, 1)
    if len(maximize) == 1:
        return [evaluated[int(np.argmin(losses[:, 0]))]]
    order = np.lexsort(losses.T[::-1])  # a trial that dominates another comes before it
    front: list[int] = []
    for i in order:
        others = losses[front]
        beaten = (others <= losses[i]).all(axis=1) & (others < losses[i]).any(axis=1)
        if not beaten.any():
            front.append(int(i))
    return [evaluated[i] for i in front]
