"""After a study: trials are promoted to ordinary runs, and all of it can be deleted."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import optuna
import pytest
from sqlalchemy import func, inspect, select, table, update

from engine.artifacts import artifacts_of
from engine.errors import TrainyardError
from engine.runs import RunState
from engine.search.deletion import delete_study
from engine.search.optuna_adapter import study_name
from engine.search.promotion import promote
from engine.store import Store
from engine.store.schema import runs
from engine.studies import Study, StudyState
from tests.search_bench import Bench

pytestmark = pytest.mark.both_databases


@pytest.fixture
def bench(store: Store) -> Iterator[Bench]:
    """An empty store with a driver."""
    made = Bench(store)
    yield made
    made.driver.close()


def test_a_promoted_trial_is_an_ordinary_run_with_its_values(bench: Bench) -> None:
    study = bench.begin()
    trial = bench.train(0.9)
    run = promote(bench.store, study, 0, "ada")
    assert (run.study_id, run.trial, run.owner, run.state) == (None, None, "ada", RunState.QUEUED)
    assert run.spec == trial.spec
    assert "Promoted from trial 0 of study 1." in [event.text for event in bench.store.runs.events(run.id)]


def test_a_promoted_trial_of_a_cross_validation_has_no_folds(bench: Bench) -> None:
    study = bench.begin(values={"folds": 3})
    for value in (0.6, 0.7, 0.8):
        bench.train(value)
    run = promote(bench.store, study, 0)
    assert (run.spec["dataset"]["folds"], run.spec["dataset"]["fold"]) == (0, 0)


def test_a_trial_that_cannot_be_promoted_is_a_sentence(bench: Bench) -> None:
    study = bench.begin()
    trial = bench.claim()
    with pytest.raises(TrainyardError, match="does not have a run for trial 7"):
        promote(bench.store, study, 7)
    bench.end(trial, RunState.FAILED, "The loss became nan.")
    with pytest.raises(TrainyardError, match="does not have a result: its run is failed"):
        promote(bench.store, study, 0)
    trial = bench.train()
    _change(bench.store, trial.id, trial.spec | {"model": {"name": "gone"}})
    with pytest.raises(TrainyardError, match=r"cannot be trained any more\. No model named 'gone'"):
        promote(bench.store, study, 1)


def _change(store: Store, run_id: int, spec: dict[str, Any]) -> None:
    """Such as a plug-in that is not there any more would leave it."""
    with store.writing() as db:
        db.execute(update(runs).where(runs.c.id == run_id).values(spec=spec))


def ended(bench: Bench) -> tuple[Study, list[Path]]:
    """A study that is over, and the folders of its runs."""
    study = bench.begin()
    folders = []
    for _ in range(3):
        folders.append(artifacts_of(bench.train().id).folder)
        folders[-1].mkdir(parents=True)
        (folders[-1] / "log.txt").write_text("log")
    return bench.get(study), folders


def known_to_optuna(bench: Bench) -> list[str]:
    """The studies in Optuna's tables."""
    return optuna.get_all_study_names(bench.driver._storage)


def test_a_deleted_study_leaves_nothing_but_what_was_promoted(bench: Bench) -> None:
    study, folders = ended(bench)
    promoted = promote(bench.store, study, 1)
    kept = bench.begin(trials=1)
    delete_study(bench.store, study.id)
    assert [run.id for run in bench.waiting()] == [promoted.id, promoted.id + 1]
    assert len(bench.store.runs.list()) == 2
    assert not any(folder.exists() for folder in folders)
    assert [other.id for other in bench.store.studies.list()] == [kept.id]
    assert known_to_optuna(bench) == [study_name(kept.id)]
    assert rows_of_trials(bench) == {"trials": 1, "trial_params": 2}
    with pytest.raises(TrainyardError, match=f"Study {study.id} does not exist"):
        delete_study(bench.store, study.id)
    assert bench.driver.tick() == 1


def rows_of_trials(bench: Bench) -> dict[str, int]:
    """Return the row counts of Optuna's tables about trials that are not empty."""
    with bench.driver._storage.engine.connect() as db:
        tables = [name for name in inspect(db).get_table_names() if name.startswith("trial")]
        counts = {name: db.execute(select(func.count()).select_from(table(name))).scalar_one() for name in tables}
    return {name: count for name, count in counts.items() if count}


@pytest.mark.parametrize("step", ["files", "rows", "study", "optuna"])
def test_deleting_again_finishes_what_was_interrupted(bench: Bench, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    study, folders = ended(bench)
    places = {
        "files": "engine.artifacts.artifacts_of",
        "rows": "engine.store.runs.Runs.delete_many",
        "study": "engine.store.studies.Studies.delete",
        "optuna": "engine.search.optuna_adapter.forget_study",
    }
    with monkeypatch.context() as patched:
        patched.setattr(places[step], _killed)
        with pytest.raises(KeyboardInterrupt):
            delete_study(bench.store, study.id)
    delete_study(bench.store, study.id)
    assert bench.store.runs.list() == bench.store.studies.list() == known_to_optuna(bench) == []
    assert not any(folder.exists() for folder in folders)


def _killed(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_study_that_is_not_over_cannot_be_deleted(bench: Bench) -> None:
    study = bench.begin()
    with pytest.raises(TrainyardError, match="is running; stop it before deleting it"):
        delete_study(bench.store, study.id)
    run = bench.claim()
    bench.store.studies.stop(study.id)
    with pytest.raises(TrainyardError, match="that have not ended: 1"):
        delete_study(bench.store, study.id)
    bench.end(run, RunState.STOPPED)
    delete_study(bench.store, study.id)
    assert bench.driver.tick() == 0


def test_a_driver_does_not_mind_a_study_that_is_deleted_while_it_settles(bench: Bench) -> None:
    study = bench.begin()
    bench.store.studies.stop(study.id)
    delete_study(bench.store, study.id)
    other = bench.begin()
    assert bench.get(other).state is StudyState.RUNNING
    assert len(bench.waiting()) == 1
    assert bench.driver.tick() == 1
