"""Optuna's side of a study: its storage in our database, distributions, samplers and pruners."""

import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.storages import RDBStorage
from sqlalchemy import inspect, text
from sqlalchemy.engine import make_url

from engine.errors import TrainyardError
from engine.runs import RunSpec
from engine.search.grid import grid
from engine.sentences import Sentence
from engine.spec import Choices, Range
from engine.store.database import turn
from engine.studies import Domain, StudySpec

_BUSY_SECONDS = 30
_STARTUP_SHARE = 4  # a quarter of the trials is chosen at random before a sampler begins to learn

optuna.logging.set_verbosity(optuna.logging.WARNING)


def open_storage(url: str) -> RDBStorage:
    """Optuna's tables in the database at `url`, made or brought up to date where necessary."""
    arguments = {"connect_args": {"timeout": _BUSY_SECONDS}} if url.startswith("sqlite") else {"pool_pre_ping": True}
    with turn(make_url(url)):  # two that make the tables of a new database would be in each other's way
        storage = RDBStorage(url, engine_kwargs=arguments, skip_compatibility_check=True)
        if storage.get_current_version() != storage.get_head_version():
            if storage.get_current_version() not in storage.get_all_versions():
                raise TrainyardError(
                    "The studies in this database were written by a newer Optuna ({get_current_version}) than the "
                    "one that is installed ({version}). Install that one.",
                    get_current_version=storage.get_current_version(),
                    version=optuna.__version__,
                )
            storage.upgrade()
    return storage


def close_storage(storage: RDBStorage) -> None:
    """Give its connections back."""
    storage.remove_session()
    storage.engine.dispose()


def study_name(study_id: int) -> str:
    """What a study is called in Optuna's tables, and in optuna-dashboard."""
    return f"trainyard-{study_id}"


def open_study(storage: RDBStorage, study_id: int, spec: StudySpec) -> optuna.Study:
    """The study in Optuna's tables, made where there is none yet."""
    return optuna.create_study(
        study_name=study_name(study_id),
        storage=storage,
        directions=["maximize" if more else "minimize" for more in spec.maximize()],
        load_if_exists=True,
    )


def forget_study(url: str, study_id: int) -> bool:
    """Delete the study from Optuna's tables. False where it is not there."""
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
    """Optuna itself would read each row before it deletes it: two milliseconds a trial."""
    parts = [name for name in inspect(storage.engine).get_table_names() if name.startswith("trial_")]
    trials = "SELECT trial_id FROM trials WHERE study_id = :study"
    with turn(make_url(url)), storage.engine.begin() as db:
        for name in parts:
            db.execute(text(f"DELETE FROM {name} WHERE trial_id IN ({trials})"), {"study": theirs})  # noqa: S608
        db.execute(text("DELETE FROM trials WHERE study_id = :study"), {"study": theirs})


def make_sampler(spec: StudySpec, number: int) -> optuna.samplers.BaseSampler:
    """The sampler for trial `number`. Its seed follows from the number, so that a driver that was killed changes nothing."""
    with _experimental():
        return _make_sampler(spec, number)


def _make_sampler(spec: StudySpec, number: int) -> optuna.samplers.BaseSampler:
    seed = int(np.random.default_rng([spec.search.search_seed, number]).integers(2**31))
    startup = max(4, min(10, spec.search.trials // _STARTUP_SHARE))
    match spec.search.sampler:
        case "random":
            return optuna.samplers.RandomSampler(seed=seed)
        case "grid":
            return optuna.samplers.GridSampler(grid(spec), seed=spec.search.search_seed)
        case "qmc":
            return optuna.samplers.QMCSampler(
                seed=spec.search.search_seed, scramble=True, warn_independent_sampling=False
            )
        case "cma-es":
            return optuna.samplers.CmaEsSampler(seed=seed, n_startup_trials=startup, warn_independent_sampling=False)
        case "gp":
            from engine.search.gaussian import GaussianProcessSampler  # scikit-learn takes a second

            return GaussianProcessSampler(distributions(spec), seed, startup)
        case "nsga-ii":
            return optuna.samplers.NSGAIISampler(seed=seed, population_size=max(4, min(50, spec.search.trials // 4)))
        case _:
            return optuna.samplers.TPESampler(
                seed=seed, n_startup_trials=startup, multivariate=True, constant_liar=spec.search.parallel > 1
            )


@contextmanager
def _experimental() -> Iterator[None]:
    """Without Optuna's warnings of what it may still change: its version is pinned."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        yield


def make_pruner(spec: StudySpec) -> optuna.pruners.BasePruner:
    """The pruner. Steps are epochs, counted from 1; for the folds of a cross-validation, the folds."""
    with _experimental():
        return _make_pruner(spec)


def _make_pruner(spec: StudySpec) -> optuna.pruners.BasePruner:
    median = optuna.pruners.MedianPruner(n_startup_trials=4, n_warmup_steps=2)  # the first epoch says little
    match spec.search.pruner:
        case "median":
            return median
        case "hyperband":
            epochs = RunSpec.build(spec.values).training.epochs
            return optuna.pruners.HyperbandPruner(min_resource=1, max_resource=max(2, epochs), reduction_factor=3)
        case "patient":
            return optuna.pruners.PatientPruner(median, patience=3)
        case "wilcoxon":
            return optuna.pruners.WilcoxonPruner(p_threshold=0.1, n_startup_steps=2)
        case _:
            return optuna.pruners.NopPruner()


def distributions(spec: StudySpec) -> dict[str, BaseDistribution]:
    """What Optuna may ask for, by name."""
    fields = spec.fields()
    return {name: distribution(domain, fields[name].type) for name, domain in spec.space.items()}


def distribution(domain: Domain, kind: type) -> BaseDistribution:
    """A domain in Optuna's words."""
    match domain:
        case Choices(options):
            return CategoricalDistribution(options)
        case Range(low, high, step, log) if kind is int:
            whole = 1 if log else int(step or 1)
            return IntDistribution(int(low), int(_last(low, high, whole)), log=log, step=whole)
        case Range(low, high, step, log):
            stride = None if log else step
            return FloatDistribution(low, _last(low, high, stride), log=log, step=stride)
    raise TypeError(Sentence("{domain!r} is no domain.", domain=domain))


def _last(low: float, high: float, step: float | None) -> float:
    """The last number that steps from `low` reach, which a narrowed range need not end with."""
    return round(low + math.floor((high - low) / step + 1e-9) * step, 10) if step else high
