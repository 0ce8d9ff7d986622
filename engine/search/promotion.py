"""Promotion: an ordinary run with the values of a trial, which the test split judges at its end."""

from dataclasses import replace

from engine.errors import TrainyardError
from engine.runs import Run, RunSpec
from engine.store import Store
from engine.studies import Study


def promote(store: Store, study: Study, trial: int, owner: str = "") -> Run:
    """Queue a full run with the values of a trial; its events say where they come from.

    A trial of a cross-validation becomes one run on all that its folds have trained on. Raises `TrainyardError` for a
    trial that is not there, has come to no value, or cannot be trained any more.
    """
    runs = store.studies.runs(study.id, [trial]).get(trial, [])
    if not runs:
        raise TrainyardError(
            f"Study {study.id} has no run of a trial {trial}. Choose one that is listed on the study's page."
        )
    if not any(run.best for run in runs):
        raise TrainyardError(
            f"Trial {trial} of study {study.id} has come to no value: its run is {runs[-1].state.value}. Choose another."
        )
    try:
        spec = RunSpec.from_dict(runs[0].spec)
    except TrainyardError as error:
        words = f"Trial {trial} of study {study.id} cannot be trained any more."
        raise TrainyardError(f"{words} {error}") from error
    whole = spec.dataset.model_copy(update={"folds": 0, "fold": 0})
    origin = f"Promoted from trial {trial} of study {study.id}."
    return store.runs.create(replace(spec, dataset=whole), owner, origin=origin)
