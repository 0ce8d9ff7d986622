"""Deleting a study: its runs with their files, what we know of it, and what Optuna knows of it."""

from engine.artifacts import delete_runs
from engine.errors import TrainyardError
from engine.store import Store


def delete_study(store: Store, study_id: int) -> None:
    """Forget an ended study and everything its trials have left. Runs that were promoted from them stay.

    Its row goes after its runs, and what Optuna knows of it last: after a death in between one can ask again.
    Raises `TrainyardError` for a live study, and for one whose runs have not ended yet.
    """
    from engine.search.optuna_adapter import forget_study  # Optuna, which takes long to import

    try:
        ended = store.studies.ended_runs(study_id)
    except TrainyardError:
        if study_id in store.studies.states() or not forget_study(store.url, study_id):
            raise
        return  # somebody has died before the last step
    delete_runs(store, ended)
    store.studies.delete(study_id)
    forget_study(store.url, study_id)
