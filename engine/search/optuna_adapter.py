"""Optuna's side of studies: its tables in our database, and one study in them.

All use of Optuna's private interface is here, and a test checks it against the pinned version. There are no
public ways to report a value of a trial whose sampler is not asked, to finish asking for values after a driver was killed,
or to delete thousands of trials quickly.
"""

from collections.abc import Mapping
from typing import Any

import optuna
from optuna.distributions import BaseDistribution
from optuna.pruners import BasePruner
from optuna.samplers import BaseSampler, RandomSampler
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy import inspect, text
from sqlalchemy.engine import make_url

from engine.errors import TrainyardError
from engine.store.database import turn
from engine.studies import StudySpec

AskedTrial = FrozenTrial | optuna.Trial
_BUSY_SECONDS = 30
_LISTENER = RandomSampler()
"""Receives the results of trials: Optuna stores them itself, and a grid sampler would stop a loop that is not running."""

optuna.logging.set_verbosity(optuna.logging.WARNING)


def open_storage(url: str) -> RDBStorage:
    """Return Optuna's tables in the database at `url`, created or upgraded where necessary."""
    arguments = {"connect_args": {"timeout": _BUSY_SECONDS}} if url.startswith("sqlite") else {"pool_pre_ping": True}
    with turn(make_url(url)):  # two processes that create the tables of a new database would conflict
        storage = RDBStorage(url, engine_kwargs=arguments, skip_compatibility_check=True)
        if storage.get_current_version() != storage.get_head_version():
            if storage.get_current_version() not in storage.get_all_versions():
                raise TrainyardError(
                    "The studies in this database were written by a newer Optuna ({stored}) than the "
                    "installed one ({installed}). Install the newer version.",
                    stored=storage.get_current_version(),
                    installed=optuna.__version__,
                )
            storage.upgrade()
    return storage


def close_storage(storage: RDBStorage) -> None:
    """Close its connections."""
    storage.remove_session()
    storage.engine.dispose()


def study_name(study_id: int) -> str:
    """Return the name of a study in Optuna's tables, and in optuna-dashboard."""
    return f"trainyard-{study_id}"


def forget_study(url: str, study_id: int) -> bool:
    """Delete the study from Optuna's tables. Return False where it is not there."""
    storage = open_storage(url)
    try:
        theirs = storage.get_study_id_from_name(study_name(study_id))
        _delete_trials(storage, theirs, url)
        storage.delete_study(theirs)
    except KeyError:
        return False
    finally:
        close_storage(storage)
    return True


def _delete_trials(storage: RDBStorage, theirs: int, url: str) -> None:
    """Delete the rows directly: Optuna itself would read each one before deleting it, two milliseconds a trial."""
    parts = [name for name in inspect(storage.engine).get_table_names() if name.startswith("trial_")]
    trials = "SELECT trial_id FROM trials WHERE study_id = :study"
    with turn(make_url(url)), storage.engine.begin() as db:
        for name in parts:
            db.execute(text(f"DELETE FROM {name} WHERE trial_id IN ({trials})"), {"study": theirs})  # noqa: S608  # nosec B608: names of tables
        db.execute(text("DELETE FROM trials WHERE study_id = :study"), {"study": theirs})


def open_study(storage: RDBStorage, study_id: int, spec: StudySpec) -> optuna.Study:
    """Return the study in Optuna's tables, created if it does not exist yet."""
    return optuna.create_study(
        study_name=study_name(study_id),
        storage=storage,
        directions=["maximize" if more else "minimize" for more in spec.maximize()],
        load_if_exists=True,
    )


def enqueued_params(trial: FrozenTrial) -> dict[str, Any]:
    """Return the values with which a trial was enqueued; none for one whose values a sampler chooses."""
    return dict(trial.system_attrs.get("fixed_params", {}))


class OptunaStudy:
    """One study in Optuna's tables, as its driver uses it: ask, report, prune, tell."""

    def __init__(self, storage: RDBStorage, study_id: int, spec: StudySpec) -> None:
        self._study, self._spec = open_study(storage, study_id, spec), spec
        self._storage = self._study._storage

    @property
    def pruner(self) -> BasePruner:
        """The pruner that is asked; samplers may use it too."""
        return self._study.pruner

    @pruner.setter
    def pruner(self, pruner: BasePruner) -> None:
        self._study.pruner = pruner

    def trials(self, *states: TrialState) -> list[FrozenTrial]:
        """Return its trials, or those in some states. For ten thousand this takes milliseconds."""
        return self._study.get_trials(deepcopy=False, states=states or None)

    def ask(self, sampler: BaseSampler, space: Mapping[str, BaseDistribution]) -> AskedTrial:
        """Begin the next enqueued trial, or a new one, with a value for every dimension of the space that it uses."""
        self._study.sampler = sampler
        return self._suggest(self._study.ask(), space)

    def ask_again(self, trial: FrozenTrial, sampler: BaseSampler, space: Mapping[str, BaseDistribution]) -> AskedTrial:
        """Return the trial with its missing values filled in: a driver was killed while asking for them."""
        self._study.sampler = sampler
        return self._suggest(optuna.Trial(self._study, trial._trial_id), space)

    def _suggest(self, trial: optuna.Trial, space: Mapping[str, BaseDistribution]) -> AskedTrial:
        """Choose what is missing, in the order of the space: the model, then what it uses."""
        for name, domain in space.items():
            if name in self._spec.used(params := trial.params) and name not in params:
                trial._suggest(name, domain)
        return trial

    def enqueue(self, params: dict[str, Any], attrs: dict[str, Any]) -> None:
        """Enqueue a trial with these values; it precedes what a sampler chooses."""
        self._study.enqueue_trial(params, user_attrs=attrs)

    def mark(self, trial: AskedTrial, name: str, value: Any) -> None:
        """Set an attribute of a trial."""
        self._storage.set_trial_user_attr(trial._trial_id, name, value)

    def report(self, trial: AskedTrial, step: int, value: float) -> None:
        """Report the value of a trial after a step."""
        self._storage.set_trial_intermediate_value(trial._trial_id, step, value)

    def worse(self, trial: AskedTrial) -> bool:
        """Whether the pruner would end the trial now."""
        now = self._storage.get_trial(trial._trial_id)
        return bool(self._study.pruner.prune(self._study, now)) if now.intermediate_values else False

    def tell(self, number: int, state: TrialState, values: list[float] | None = None) -> None:
        """End a trial. A pruned one gets the last value that was reported."""
        self._study.sampler = _LISTENER
        self._study.tell(number, values, state)
