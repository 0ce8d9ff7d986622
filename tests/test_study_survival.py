"""Changes that a study must survive: records of other versions, older tables of Optuna's, clocks, and concurrent changes."""

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from alembic import command
from sqlalchemy import inspect, text, update

from engine.errors import TrainyardError
from engine.own_data import delete_own_data
from engine.runs import RunState
from engine.search.deletion import delete_study
from engine.search.optuna_adapter import close_storage, open_storage
from engine.store import Store
from engine.store.schema import studies
from engine.studies import StudySpec, StudyState
from engine.worker import work
from tests.search_bench import Bench
from tests.test_own_data import flowers, imported, upload

pytestmark = pytest.mark.both_databases

STRANGE: dict[str, Callable[[dict[str, Any]], Any]] = {
    "a setting of the search that is not known": lambda spec: spec | {"search": spec["search"] | {"temperature": 1}},
    "another kind of domain": lambda spec: spec | {"space": {"units": {"tree": []}}},
    "no objectives": lambda spec: {name: value for name, value in spec.items() if name != "objectives"},
    "something else altogether": lambda spec: ["a", "list"],
}


@pytest.fixture
def bench(store: Store) -> Iterator[Bench]:
    """An empty store with a driver."""
    made = Bench(store)
    yield made
    made.driver.close()


@pytest.mark.parametrize("strange", STRANGE)
def test_a_record_that_cannot_be_read_ends_its_study_and_hides_no_other(bench: Bench, strange: str) -> None:
    broken, sound = bench.begin(), bench.begin()
    with bench.store.writing() as db:
        record = STRANGE[strange](json.loads(json.dumps(broken.spec.to_dict())))
        db.execute(update(studies).where(studies.c.id == broken.id).values(spec=record))
    for steer in (
        lambda: bench.store.studies.steer(broken.id, lambda spec: spec),
        lambda: bench.store.studies.enqueue(broken.id, {}),
    ):
        with pytest.raises(TrainyardError, match="cannot be read"):
            steer()
    bench.driver.tick()
    listed = {study.id: study for study in bench.store.studies.list()}
    assert listed[broken.id].state is StudyState.FAILED
    assert "cannot be read" in listed[broken.id].message
    assert listed[broken.id].unreadable == listed[broken.id].message
    assert (listed[sound.id].state, listed[sound.id].spec, listed[sound.id].unreadable) == (
        StudyState.RUNNING,
        sound.spec,
        "",
    )
    delete_study(bench.store, broken.id)
    assert [run.study_id for run in bench.waiting()] == [sound.id]


@pytest.mark.parametrize("sampler", ["random", "tpe"])
def test_values_none_of_which_can_be_trained_end_the_study_with_a_sentence(bench: Bench, sampler: str) -> None:
    study = bench.begin(trials=50, patience_trials=3, sampler=sampler)
    bench.train()
    record = study.spec.to_dict() | {"values": study.spec.values | {"gone": 1}}
    with bench.store.writing() as db:
        db.execute(update(studies).where(studies.c.id == study.id).values(spec=record))
    for _ in range(6):
        if bench.waiting():
            bench.train()
        bench.driver.tick()
    assert bench.get(study).state is StudyState.FAILED
    assert "gone" in bench.get(study).message


def test_a_study_ends_no_earlier_than_it_began_though_the_clock_is_put_back(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = bench.begin(trials=1), bench.begin()
    now = time.time
    monkeypatch.setattr("time.time", lambda: now() - 86_400)
    bench.train()
    bench.store.studies.stop(other.id)
    for study in (bench.get(one), bench.get(other)):
        assert study.created_at is not None
        assert study.ended_at == study.created_at
        assert study.spent_seconds >= 0


def test_people_who_steer_at_once_lose_nothing(bench: Bench) -> None:
    study = bench.begin(trials=40)
    books = bench.store.studies
    refused: list[str] = []

    def steer(number: int) -> None:
        books.enqueue(study.id, {"units": 16 + number})
        books.boost(study.id, number)
        books.steer(study.id, lambda spec: _more(spec, 1))
        for move in (books.pause, books.resume):
            try:
                move(study.id)
            except TrainyardError as error:  # somebody else was faster
                refused.append(str(error))

    with ThreadPoolExecutor(8) as people:
        list(people.map(steer, range(16)))
    assert all("this is only possible while it is" in words for words in refused)
    now = bench.get(study)
    assert now.spec.search.trials == 56
    assert sorted(params["units"] for params in now.enqueued) == [16 + number for number in range(16)]
    assert now.boosted == tuple(range(16))
    assert now.live


def _more(spec: StudySpec, trials: int) -> StudySpec:
    return replace(spec, search=spec.search.model_copy(update={"trials": spec.search.trials + trials}))


def test_tables_of_an_older_optuna_are_brought_up_to_date(bench: Bench) -> None:
    study = bench.begin(trials=2)
    bench.train(0.75)
    bench.driver.close()
    storage = open_storage(bench.store.url)
    with storage.engine.begin() as db:  # as its migrations call it: new tables have another name for it
        db.execute(text("DROP INDEX ix_trials_study_id"))
        db.execute(text("CREATE INDEX trials_study_id_key ON trials (study_id)"))
    command.downgrade(storage._version_manager._create_alembic_config(), "v3.0.0.d")
    assert storage.get_current_version() == "v3.0.0.d"
    close_storage(storage)
    bench.restart()
    assert bench.driver._storage.get_current_version() == bench.driver._storage.get_head_version()
    assert "trials_study_id_key" in {
        index["name"] for index in inspect(bench.driver._storage.engine).get_indexes("trials")
    }
    assert bench.trials(study)[0].value == 0.75
    bench.train()
    assert bench.get(study).state is StudyState.COMPLETED


def test_tables_of_a_newer_optuna_are_a_sentence(bench: Bench) -> None:
    with bench.driver._storage.engine.begin() as db:
        db.execute(text("UPDATE alembic_version SET version_num = 'v9.0.0.a'"))
    with pytest.raises(TrainyardError, match=r"written by a newer Optuna \(v9.0.0.a\)"):
        open_storage(bench.store.url)


def test_a_resumed_trial_run_of_a_deleted_study_cannot_be_lost_silently(bench: Bench) -> None:
    study = bench.begin(trials=1)
    run = bench.claim()
    bench.end(run, RunState.FAILED)
    assert bench.get(study).state is StudyState.COMPLETED
    bench.store.runs.resume(run.id)
    with pytest.raises(TrainyardError, match="that have not ended: 1"):
        delete_study(bench.store, study.id)
    assert bench.store.runs.get(run.id).state is RunState.QUEUED


def test_a_study_whose_own_dataset_is_deleted_between_two_trials_ends_with_a_sentence(bench: Bench) -> None:
    imported(upload(flowers()), "t.csv")
    study = bench.begin(values={"dataset": "my-table", "table": "mine"}, trials=9, patience_trials=2)
    with pytest.raises(TrainyardError, match="in use by run"):
        delete_own_data(bench.store, "mine")  # not while a trial needs it
    waiting = bench.claim()
    assert bench.store.attempts.end(waiting, RunState.COMPLETED, "", {})
    delete_own_data(bench.store, "mine")
    bench.driver.tick()
    for _ in range(9):
        if bench.get(study).state is not StudyState.RUNNING:
            break
        run = bench.claim()
        assert work(bench.store, run) == 1
        bench.driver.tick()
    ended = bench.get(study)
    assert ended.state is StudyState.FAILED
    assert "2 trials in a row have failed" in ended.message
    assert "'mine' is not on this machine" in ended.message
