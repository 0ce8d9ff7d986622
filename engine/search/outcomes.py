"""Results of runs for the sampler: the values of their objectives, and how their final state counts."""

import math
from statistics import fmean

from optuna.trial import TrialState

from engine.runs import Run, RunState
from engine.search.trials import measured
from engine.store import Store
from engine.studies import QUALITY, StudySpec

_ENDED = {RunState.COMPLETED: TrialState.COMPLETE, RunState.FAILED: TrialState.FAIL, RunState.CANCELED: TrialState.FAIL}


def state_of(run: Run) -> TrialState:
    """Return the Optuna state for a run's final state; stopped and pruned runs count with what they had reached."""
    return _ENDED.get(run.state, TrialState.PRUNED)


def finite_values(spec: StudySpec, runs: list[Run]) -> list[float] | None:
    """Return the values of the objectives: means over the folds. None where a run has nothing to evaluate."""
    found = []
    for name in spec.objectives:
        each = [measured(run, name, _metric(run)) for run in runs]
        known = [value for value in each if value is not None and math.isfinite(value)]
        if len(known) < len(each):
            return None
        found.append(fmean(known))
    return found


def reported_values(store: Store, spec: StudySpec, runs: list[Run], folds: int, known: int) -> list[float | None]:
    """Return the quality after each epoch, or of each ended fold; empty where there is none beyond the `known` ones."""
    if spec.objectives != (QUALITY,):
        return []
    if folds > 1:
        return [measured(run, QUALITY, _metric(run)) for run in runs if run.state is RunState.COMPLETED]
    if runs[-1].epoch <= known:
        return []
    values = store.metrics.history(runs[-1].id).get(_metric(runs[-1]), [])
    return [value if value is not None and math.isfinite(value) else None for value in values]


def _metric(run: Run) -> str:
    """Return the metric that is the quality."""
    return run.parsed().task.objective
