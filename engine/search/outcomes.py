"""What runs say to a sampler: the values of their objectives, and what their end means."""

import math
from statistics import fmean

from optuna.trial import TrialState

from engine.runs import Run, RunState
from engine.store import Store
from engine.studies import OBJECTIVES, QUALITY, StudySpec

_ENDED = {RunState.COMPLETED: TrialState.COMPLETE, RunState.FAILED: TrialState.FAIL, RunState.CANCELED: TrialState.FAIL}


def state_of(run: Run) -> TrialState:
    """What a run's end means to a sampler; stopped and pruned ones count with what they had reached."""
    return _ENDED.get(run.state, TrialState.PRUNED)


def finite_values(spec: StudySpec, runs: list[Run]) -> list[float] | None:
    """The values of the objectives: means over the folds. None where a run has left nothing to judge."""
    found = []
    for name in spec.objectives:
        each = [_measured(run, name) for run in runs]
        known = [value for value in each if value is not None and math.isfinite(value)]
        if len(known) < len(each):
            return None
        found.append(fmean(known))
    return found


def reported_values(store: Store, spec: StudySpec, runs: list[Run], folds: int, known: int) -> list[float | None]:
    """The quality after each epoch, or of each fold that has ended; empty where there is none beyond the `known` ones."""
    if spec.objectives != (QUALITY,):
        return []
    if folds > 1:
        return [_measured(run, QUALITY) for run in runs if run.state is RunState.COMPLETED]
    if runs[-1].epoch <= known:
        return []
    values = store.history(runs[-1].id).get(runs[-1].parsed().task.objective, [])
    return [value if value is not None and math.isfinite(value) else None for value in values]


def _measured(run: Run, name: str) -> float | None:
    """The value of an objective, as the worker has left it."""
    if name == QUALITY:
        found = run.best.get(run.parsed().task.objective)
    else:
        key = OBJECTIVES[name].key
        found = run.result.get(key, run.environment.get(key))
    return None if found is None else float(found)
