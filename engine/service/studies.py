"""Studies: create, pause, resume, stop, steer, rename and delete them, enqueue and boost trials; find and list them."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from engine import access
from engine.access import Action, Actor, Visibility, check, reach, visible
from engine.errors import TrainyardError
from engine.naming import Naming
from engine.runs import Run, RunState
from engine.search.deletion import delete_study
from engine.search.promotion import promote as promote_trial
from engine.service.audited import audited
from engine.service.data import check_data, check_shown
from engine.service.opened import store
from engine.service.terms import terms_for
from engine.store import study_lists
from engine.store.studies import unknown_study
from engine.store.study_lists import TrialCounts, ValuePlace
from engine.studies import Study, StudySpec

if TYPE_CHECKING:
    from engine.search.results import Found

# -- making and changing them ------------------------------------------------------------------------------------------


@audited("study {made}")
def create(actor: Actor, spec: StudySpec, naming: Naming | None = None) -> Study:
    """Begin a study."""
    check(actor, Action.CREATE, "studies")
    check_data(actor, spec.run_spec({}).dataset)
    terms_for(actor, [])
    return store().studies.create(spec, naming, actor.name)


@audited("study {study_id}")
def pause(actor: Actor, study_id: int) -> Study:
    """Let no trial begin any more; those that train go on."""
    _changing(actor, study_id)
    return store().studies.pause(study_id)


@audited("study {study_id}")
def resume(actor: Actor, study_id: int) -> Study:
    """Let a paused, stopped or failed study go on."""
    _changing(actor, study_id)
    return store().studies.resume(study_id)


@audited("study {study_id}")
def stop(actor: Actor, study_id: int) -> Study:
    """Let no trial begin any more, and stop those that wait or train."""
    _changing(actor, study_id)
    return store().studies.stop(study_id, actor.name)


@audited("study {study_id}")
def steer(actor: Actor, study_id: int, change: Callable[[StudySpec], StudySpec]) -> Study:
    """Change what is searched from now on, such as a range or the number of trials."""
    _changing(actor, study_id)
    return store().studies.steer(study_id, change)


@audited("study {study_id}")
def enqueue(actor: Actor, study_id: int, params: dict[str, Any]) -> Study:
    """Try these values next."""
    _changing(actor, study_id)
    return store().studies.enqueue(study_id, params)


@audited("study {study_id}, trial {trial}")
def boost(actor: Actor, study_id: int, trial: int) -> None:
    """Let a trial train to its end whatever the pruner says, and before all others that wait."""
    _changing(actor, study_id)
    store().studies.boost(study_id, trial, actor.name)


@audited("run {run}")
def stop_trial(actor: Actor, run: Run) -> None:
    """Ask the run of a trial to end; the study goes on with the next one."""
    check(actor, Action.CHANGE, run)
    store().studies.end_trial_run(run, RunState.STOPPED, actor.name)


@audited("run {made}", detail="study {study_id}, trial {trial}")
def promote(actor: Actor, study_id: int, trial: int) -> Run:
    """Queue an ordinary run with the values of a trial."""
    check(actor, Action.CREATE, "runs")
    study = get(actor, study_id)
    check(actor, Action.USE, study)
    check_data(actor, study.spec.run_spec({}).dataset)
    return promote_trial(store(), study, trial, actor.name, partial(terms_for, actor))


@audited("study {study_id}")
def rename(actor: Actor, study_id: int, naming: Naming) -> Study:
    """Change the name, the note or the tags of a study."""
    _changing(actor, study_id)
    return store().studies.rename(study_id, naming)


@audited("study {study_id}", detail="{visibility}")
def show(actor: Actor, study_id: int, visibility: Visibility, *, examples: bool = False) -> Study:
    """Change who may look at a study and its trials. `examples` confirms that examples of one's own data are seen with it."""
    study = get(actor, study_id)
    check(actor, Action.CHANGE, study)
    if not study.unreadable:
        check_shown(study.owner, visibility, study.spec.run_spec({}).dataset, examples=examples)
    return store().studies.show(study_id, visibility)


@audited("study {study_id}")
def delete(actor: Actor, study_id: int) -> None:
    """Delete an ended study with the runs of its trials."""
    try:
        check(actor, Action.DELETE, get(actor, study_id))
    except TrainyardError:
        left = "what an earlier deletion has left"
        if study_id in store().studies.states() or not access.allowed(actor, Action.DELETE, left):
            raise
    delete_study(store(), study_id)


def _changing(actor: Actor, study_id: int) -> None:
    check(actor, Action.CHANGE, get(actor, study_id))


# -- reading them ------------------------------------------------------------------------------------------------------


def get(actor: Actor, study_id: int) -> Study:
    """Return the study. Of one that the actor may not look at is said what is said of one that is not there."""
    return look(actor, store().studies.get(study_id))


def look(actor: Actor, study: Study) -> Study:
    """Return a study that was read for others, if the actor may look at it, too."""
    if not access.allowed(actor, Action.LOOK, study):
        raise unknown_study(study.id)
    return study


def list_all(actor: Actor, *, live: bool = False, limit: int = 200) -> list[Study]:
    """Return the studies, the newest first. See `Studies.list`."""
    return visible(actor, store().studies.list(live=live, limit=limit, reach=reach(actor, Action.LOOK)))


def count_trials(actor: Actor, studies: Sequence[Study]) -> dict[int, TrialCounts]:
    """Return how many trials each of these studies has, by its id."""
    ids = [study.id for study in visible(actor, studies)]
    return dict.fromkeys(ids, TrialCounts()) | study_lists.count_trials(store(), ids)


def best_values(actor: Actor, studies: Sequence[Study]) -> dict[int, float]:
    """Return the best value of the first objective of each study that has one, by its id."""
    places = {study.id: place for study in visible(actor, studies) if (place := _place(study)) is not None}
    return study_lists.best_values(store(), places)


def _place(study: Study) -> ValuePlace | None:
    """Return where its first objective stands; None where the study cannot be read any more."""
    try:
        return None if study.unreadable else study_lists.value_place(study.spec)
    except TrainyardError:
        return None


def total_runs(actor: Actor, study: Study) -> tuple[int, int]:
    """Return how many runs a study has, and how often they were begun."""
    check(actor, Action.LOOK, study)
    return study_lists.study_totals(store(), study.id)


def moving_runs(actor: Actor, study: Study, after: int = 0) -> list[int]:
    """Return the ids of the runs of a study that have not ended, and of all that were queued after the run `after`."""
    check(actor, Action.LOOK, study)
    return study_lists.moving_runs(store(), study.id, after)


def runs(actor: Actor, study: Study, run_ids: Iterable[int], *, environment: bool = False) -> list[Run]:
    """Return these runs of a study in the order of their ids; with their environment where it is asked for."""
    check(actor, Action.LOOK, study)
    found = study_lists.study_runs(store(), run_ids, environment=environment)
    return [run for run in found if run.study_id == study.id]


def results(actor: Actor, study: Study) -> "Found":
    """Return what a study has found: its best trials, and how many there are of each state."""
    from engine.search.results import find_results  # Optuna, which takes long to import

    check(actor, Action.LOOK, study)
    return find_results(store(), study)
