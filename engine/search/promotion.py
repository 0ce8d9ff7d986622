"""Promotion: an ordinary run with the values of a trial, evaluated on the test split at its end."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from engine.budgets import FREE, Terms
from engine.errors import TrainyardError
from engine.runs import Run, RunSpec
from engine.sentences import Sentence
from engine.store import Store
from engine.studies import Study


def promote(
    store: Store,
    study: Study,
    trial: int,
    owner: str = "",
    terms: Callable[[Sequence[RunSpec]], Terms] = lambda _: FREE,
) -> Run:
    """Queue a full run with the values of a trial; its events say where they come from. `terms`: those on which it is queued.

    A trial of a cross-validation becomes one run on everything its folds trained on. Raise `TrainyardError` for a
    trial that does not exist, has no result, or can no longer be trained.
    """
    runs = store.studies.runs(study.id, [trial]).get(trial, [])
    if not runs:
        raise TrainyardError(
            "Study {study} does not have a run for trial {trial}. Choose a trial listed on the study's page.",
            study=study.id,
            trial=trial,
        )
    if not any(run.best for run in runs):
        raise TrainyardError(
            "Trial {trial} of study {study} does not have a result: its run is {state}. Choose another trial.",
            trial=trial,
            study=study.id,
            state=runs[-1].state.value,
        )
    try:
        spec = RunSpec.from_dict(runs[0].spec)
    except TrainyardError as error:
        words = Sentence("Trial {trial} of study {study} cannot be trained any more.", trial=trial, study=study.id)
        raise TrainyardError("{words} {error}", words=words, error=error) from error
    whole = spec.dataset.model_copy(update={"folds": 0, "fold": 0})
    origin = Sentence("Promoted from trial {trial} of study {study}.", trial=trial, study=study.id)
    spec = replace(spec, dataset=whole)
    return store.runs.create(spec, owner, origin=origin, terms=terms([spec]))
