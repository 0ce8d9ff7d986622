"""Advances all live studies, one step per tick; an error in one study ends only that study, with a sentence.

It holds no state of its own: requests are in Optuna's tables, trained runs in ours. Killed at any moment and started again, it
finds trials without runs (and begins them) and runs that have ended meanwhile (and reports them).
"""

import logging
from collections.abc import Callable

from optuna.exceptions import StorageInternalError
from sqlalchemy.exc import InterfaceError, OperationalError

from engine.errors import TrainyardError
from engine.runs import RunState
from engine.search.live_study import LiveStudy
from engine.search.optuna_adapter import OptunaStudy, close_storage, open_storage
from engine.sentences import Sentence
from engine.store import Store, StoreUnavailable
from engine.studies import Study, StudyState

logger = logging.getLogger(__name__)


class Driver:
    """Drives all studies that are running or paused. Only one process at a time may use it."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._storage = open_storage(store.url)
        self._open: dict[int, LiveStudy] = {}

    def close(self) -> None:
        """Close Optuna's connections."""
        close_storage(self._storage)

    def tick(self) -> int:
        """Advance each live study by what has happened. Return how many still need a driver."""
        studies = self.store.studies.list(live=True)
        for study in studies:
            self._guarded(study, self._advance)
        for study_id in self._open.keys() - {study.id for study in studies}:
            if self._settled(study_id):
                del self._open[study_id]
        return len({study.id for study in studies} | self._open.keys())

    def _settled(self, study_id: int) -> bool:
        """Whether an ended study has nothing left to report."""
        try:
            study = self.store.studies.get(study_id)
        except StoreUnavailable:
            raise
        except TrainyardError:  # it has been deleted
            return True
        return not study.live and not self._guarded(study, self._open[study_id].settle)

    def _advance(self, study: Study) -> bool:
        if study.unreadable:
            raise TrainyardError(study.unreadable)
        if study.id not in self._open:
            self._open[study.id] = LiveStudy(self.store, OptunaStudy(self._storage, study.id, study.spec))
        return self._open[study.id].advance(study)

    def _guarded(self, study: Study, step: Callable[[Study], bool]) -> bool:
        """Take a step; an error ends this study, and no other, with a sentence."""
        try:
            return step(study)
        except StoreUnavailable:
            raise
        except (StorageInternalError, OperationalError, InterfaceError) as error:
            raise StoreUnavailable(
                "The database cannot be used by Optuna: {cause}", cause=error.__cause__ or error
            ) from error
        except TrainyardError as error:
            words = error.sentence
        except Exception as error:
            logger.exception("Study %s cannot go on.", study.id, extra={"study": study.id})
            words = Sentence("Unexpected {kind}: {error} (see the log).", kind=type(error).__name__, error=error)
        self.store.studies.end(study.id, StudyState.FAILED, words)
        self.store.studies.end_runs(study.id, RunState.STOPPED)
        return False
