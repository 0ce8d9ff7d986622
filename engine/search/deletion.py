"""Deleting a study: its runs with their files, its row in the store and its records in Optuna."""

from engine.artifacts import delete_runs
from engine.errors import TrainyardError
from engine.store import Store


def delete_study(store: Store, study_id: int) -> None:
    """Delete an ended study and everything its trials have left. Runs promoted from them stay.

    Its row is deleted after its runs and Optuna's records, so that an interrupted deletion can be requested again.
    Raise `TrainyardError` for a live study, and for one with runs that have not ended yet.
    """
    from engine.search.optuna_adapter import forget_study  # Optuna takes long to import

    try:
        ended = store.studies.ended_runs(study_id)
    except TrainyardError:
        if study_id in store.studies.states() or not forget_study(store.url, study_id):
            raise
        return  # the process died before the last step
    delete_runs(store, ended)
    store.studies.delete(study_id)
    forget_study(store.url, study_id)
