"""A study survives the death of its driver, of a worker and of the executor: no trial is lost or duplicated."""

from collections import Counter

import optuna
import psutil
import pytest

from engine.processes import is_alive
from engine.runs import Run, RunState
from engine.search.optuna_adapter import close_storage, open_storage, study_name
from engine.search.results import find_results
from engine.store import SEARCH_LEASE
from engine.studies import Search, Study, StudySpec, StudyState
from tests.faults.lab import Lab

pytestmark = pytest.mark.slow

TINY = {"dataset": "digits", "model": "mlp", "epochs": 8, "patience": 0, "batch_size": 4}


def begin(lab: Lab, **search: object) -> Study:
    """A study of four trials."""
    found = Search.parse({"trials": 4, "pruner": "none"} | search)
    return lab.store.studies.create(StudySpec.build(TINY, {"units": None, "learning_rate": None}, search=found))


def runs(lab: Lab, study: Study) -> list[Run]:
    """All runs of its trials."""
    return [run for trial in lab.store.studies.runs(study.id).values() for run in trial]


def driver(lab: Lab) -> psutil.Process | None:
    """The process that drives studies."""
    known = lab.store.leases.get(SEARCH_LEASE)
    return psutil.Process(known.info["pid"]) if known and is_alive(known.info) else None


def until_training(lab: Lab, study: Study, trial: int) -> Run:
    """Wait until a trial is in the middle of its training."""
    lab.until(lambda: any(run.trial == trial and run.step > 20 for run in runs(lab, study)))
    return next(run for run in runs(lab, study) if run.trial == trial)


def assert_whole(lab: Lab, study: Study, **states: int) -> None:
    """The study has come to its end with four trials, each of which has one run."""
    lab.until(lambda: not lab.store.studies.get(study.id).live)
    ended = lab.store.studies.get(study.id)
    assert ended.state is StudyState.COMPLETED, ended.message
    assert Counter(run.trial for run in runs(lab, study)) == {0: 1, 1: 1, 2: 1, 3: 1}
    assert find_results(lab.store, study).trials == states
    storage = open_storage(lab.store.url)
    known = optuna.load_study(study_name=study_name(study.id), storage=storage)
    for trial in known.get_trials():
        run = next(run for run in runs(lab, study) if run.trial == trial.number)
        assert run.parsed().values()["units"] == trial.params["units"]
        if trial.state is optuna.trial.TrialState.COMPLETE:
            assert trial.value == run.best["val_accuracy"]
    close_storage(storage)


def test_a_study_survives_the_death_of_its_driver_and_of_a_worker(own_lab: Lab) -> None:
    lab = own_lab
    lab.start_executor()
    study = begin(lab)
    first = until_training(lab, study, 0)
    workers = {lab.worker(first).pid}
    old = driver(lab)
    assert old is not None
    old.kill()
    lab.until(lambda: (new := driver(lab)) is not None and new.pid != old.pid)
    second = until_training(lab, study, 1)
    lab.until(lab.files(second).checkpoint.is_file)
    workers.add(lab.worker(second).pid)
    assert len(workers) == 1, "the worker was not used again"
    lab.worker(second).kill()
    assert_whole(lab, study, complete=4)
    again = lab.get(second)
    assert (again.attempt, again.restarts) == (2, 1)
    assert "requeued" in [event.kind for event in lab.store.runs.events(second.id)]
    assert "Resuming at epoch" in lab.files(second).read_log()
    assert not lab.files(first).model.exists()
    assert lab.files(first).checkpoint.is_file()
    done = lab.get(first)
    assert "latency_ms" not in done.result  # nobody asked for it
    assert not [name for name in done.result if name.startswith(("test_", "baseline_"))]
    lab.until(lambda: driver(lab) is None)  # nothing is left to drive
    run = lab.until_ended(lab.submit(**TINY))
    assert run.state is RunState.COMPLETED
    assert "test_accuracy" in run.result


def test_a_study_survives_the_death_of_executor_and_driver_at_once_and_lets_an_ordinary_run_in(own_lab: Lab) -> None:
    lab = own_lab
    lab.start_executor()
    study = begin(lab, parallel=2)
    until_training(lab, study, 0)
    old = driver(lab)
    assert old is not None
    lab.executors[-1].kill()
    old.kill()
    lab.executors[-1].wait()
    lab.start_executor()
    ordinary = lab.submit(**TINY)
    assert_whole(lab, study, complete=4)
    done = lab.until_ended(ordinary)
    assert done.state is RunState.COMPLETED
    assert "test_accuracy" in done.result
