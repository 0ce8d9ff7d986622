"""The contract of the store, on SQLite and on PostgreSQL."""

import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text

from engine.budgets import Estimate, Terms
from engine.errors import TrainyardError
from engine.naming import Naming
from engine.processes import describe_process
from engine.runs import RESUMABLE, Run, RunSpec, RunState
from engine.search.driver import Driver
from engine.settings import settings
from engine.store import MetricPoint, Store, StoreUnavailable
from engine.studies import Search, Study, StudySpec, StudyState
from tests.crowd import claim_all, enqueue_values, fill_queue, take_leases, together, write_for_a_while
from tests.databases import KINDS

SPEC = RunSpec.build({"dataset": "digits", "model": "mlp"})


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest, home: Path) -> Iterator[str]:
    """The URL of an empty database."""
    if request.param == "sqlite":
        yield settings().url
        return
    with request.getfixturevalue("databases").empty() as url:
        yield url


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    """An open, empty store."""
    store = Store(url)
    yield store
    store.close()


def claim(store: Store, slot: str = "cpu-0") -> Run:
    """A running run."""
    store.runs.create(SPEC, "ada")
    run = store.attempts.claim(slot)
    assert run is not None
    return run


def point(
    step: int, value: float = 0.5, *, name: str = "loss", split: str = "train", scope: str = "step"
) -> MetricPoint:
    """A value at a step."""
    return MetricPoint(0, split, name, scope, step, step / 10, value, 1_000.0 + step)


# -- names and migrations ----------------------------------------------------------------------------------------------


def test_a_run_is_named_when_it_is_made_and_later(store: Store) -> None:
    run = store.runs.create(SPEC, naming=Naming("Deep", "slow\n但准确", ("paper", "a")))
    assert (run.name, run.note, run.tags) == ("Deep", "slow\n但准确", ["paper", "a"])
    claimed = store.attempts.claim("cpu-0")
    assert claimed is not None
    assert claimed.name == "Deep"
    changed = store.runs.rename(run.id, Naming(name="", tags=()))
    assert (changed.name, changed.note, changed.tags) == ("", "slow\n但准确", [])
    assert store.runs.rename(run.id, Naming()) == store.runs.list()[0]
    with pytest.raises(TrainyardError, match="Run 99 does not exist"):
        store.runs.rename(99, Naming("x"))


def test_a_database_from_before_there_were_names_is_brought_up_to_date(url: str, home: Path) -> None:
    home.mkdir()
    engine = create_engine(url)
    with engine.begin() as db:
        config = Config()
        config.set_main_option("script_location", "engine/store/migrations")
        config.attributes["connection"] = db
        command.upgrade(config, "0004")
        db.execute(
            text(
                "INSERT INTO runs (state, task, dataset, model, spec, best, curve, result, environment, worker,"
                " created_at, queued_at) VALUES ('completed', 't', 'd', 'm', '{}', '{}', '[]', '{}', '{}', '{}', 1, 1)"
            )
        )
        db.execute(
            text(
                "INSERT INTO trainyard_studies (name, state, spec, guesses, boosted, created_at)"
                " VALUES ('Wide', 'completed', '{}', '[]', '[]', 1)"
            )
        )
    engine.dispose()
    store = Store(url)
    run, study = store.runs.get(1), store.studies.get(1)
    assert (run.name, run.note, run.tags) == ("", "", [])
    assert (study.name, study.note, study.tags) == ("Wide", "", ())
    assert store.runs.rename(1, Naming("Deep")).name == "Deep"
    store.close()


# -- claiming ----------------------------------------------------------------------------------------------------------


def test_runs_are_claimed_in_the_order_of_the_queue(store: Store) -> None:
    made = [store.runs.create(SPEC).id for _ in range(4)]
    assert store.runs.queue() == made
    claimed = [store.attempts.claim("cpu-0") for _ in range(5)]
    assert [run.id if run else None for run in claimed] == [*made, None]
    assert store.runs.queue() == []


def test_no_two_threads_claim_the_same_run(store: Store) -> None:
    made = {store.runs.create(SPEC).id for _ in range(40)}
    start = threading.Barrier(8)

    def claim_all(number: int) -> list[int]:
        start.wait()
        claimed = []
        while (run := store.attempts.claim(f"cpu-{number}")) is not None:
            claimed.append(run.id)
        return claimed

    with ThreadPoolExecutor(8) as threads:
        claimed = [run_id for part in threads.map(claim_all, range(8)) for run_id in part]
    assert sorted(claimed) == sorted(made)


def test_sixteen_processes_claim_each_run_once(store: Store, url: str) -> None:
    fill_queue(store, store.runs.create(SPEC).id, 400)  # 5,000 in `bench claims`
    made = store.runs.queue()
    assert len(made) == 400
    parts = together(16, claim_all, url)
    assert sorted(run_id for part in parts for run_id in part) == sorted(made)
    assert sum(bool(part) for part in parts) > 8, "few processes took all: little was contended"


def test_where_people_share_nobody_gets_more_at_once_than_they_may_whoever_claims(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAINYARD_MODE", "shared")
    monkeypatch.setenv("TRAINYARD_MEMBER_RUNS_AT_ONCE", "2")
    settings.cache_clear()
    for owner in ("ada", "bob", "eve", "root"):
        store.runs.create_group([SPEC] * 6, owner, terms=Terms(0, (Estimate(60.0, 1.5),) * 6))
    store.budgets.know("root", exempt=True)
    start, began = threading.Barrier(8), time.time()

    def claim_two(number: int) -> list[Run | None]:
        start.wait()
        return [store.attempts.claim(f"cpu-{number}") for _ in range(2)]

    with ThreadPoolExecutor(8) as threads:
        claimed = [run for part in threads.map(claim_two, range(8)) for run in part if run]
    owners = Counter(run.owner for run in claimed)
    assert owners == {"ada": 2, "bob": 2, "eve": 2, "root": 6}
    assert len({run.id for run in claimed}) == len(claimed)
    assert not store.attempts.claimable()
    store.runs.create(SPEC, "dan")
    monkeypatch.setattr("time.time", lambda: began + 90)
    store.attempts.report(claimed[0])
    usage = store.budgets.get(claimed[0].owner)
    store.attempts.end(claimed[0], RunState.COMPLETED)
    after = store.budgets.get(claimed[0].owner)
    assert 85 < sum(store.budgets.charged().values()) <= 90
    assert after.used_seconds == usage.used_seconds
    assert after.training == usage.training - 1
    assert store.attempts.next_short(60) is None  # dan's has no estimate, and dan has used least
    assert len(store.budgets.waiting()) == 13
    assert len(store.budgets.training()) == 11
    store.budgets.forget(claimed[0].owner)
    assert store.budgets.charged() == {}


def test_a_claim_takes_only_runs_that_ask_for_its_devices(store: Store) -> None:
    gpu = store.runs.create(RunSpec.build({"dataset": "digits", "model": "mlp", "device": "gpu:1"}))
    cpu = store.runs.create(SPEC)
    claimed = store.attempts.claim("cpu-0", devices=("auto", "cpu"))
    assert claimed is not None
    assert claimed.id == cpu.id
    assert store.attempts.claim("cpu-0", devices=("auto", "cpu")) is None
    claimed = store.attempts.claim("gpu:1", devices=("auto", "gpu", "gpu:1"))
    assert claimed is not None
    assert claimed.id == gpu.id


def test_a_run_created_in_a_slot_is_running_and_nobody_else_can_claim_it(store: Store) -> None:
    run = store.runs.create(SPEC, slot="terminal")
    assert (run.state, run.slot, run.attempt) == (RunState.RUNNING, "terminal", 1)
    assert store.attempts.claim("cpu-0") is None
    assert store.attempts.report(run) == ""


# -- states ------------------------------------------------------------------------------------------------------------


def bring(store: Store, state: RunState) -> Run:
    """A run in `state`."""
    run = store.runs.create(SPEC, "ada")
    if state is RunState.QUEUED:
        return run
    claimed = store.attempts.claim("cpu-0", run.id)
    assert claimed is not None
    if state is not RunState.RUNNING:
        assert store.attempts.end(claimed, state)
    return store.runs.get(run.id)


ACTIONS: dict[str, Callable[[Store, Run], object]] = {
    "claim": lambda store, run: store.attempts.claim("cpu-1", run.id),
    "stop": lambda store, run: store.runs.request_end(run.id, RunState.STOPPED),
    "cancel": lambda store, run: store.runs.request_end(run.id, RunState.CANCELED),
    "pause": lambda store, run: store.runs.request_end(run.id, RunState.PAUSED),
    "steer": lambda store, run: store.runs.steer(run.id, 0.01),
    "complete": lambda store, run: store.attempts.end(run, RunState.COMPLETED),
    "requeue": lambda store, run: store.attempts.requeue(run, "again"),
    "resume": lambda store, run: store.runs.resume(run.id),
    "resume here": lambda store, run: store.runs.resume(run.id, slot="terminal"),
    "delete": lambda store, run: store.runs.delete(run.id),
}
AFTERWARDS: dict[tuple[str, RunState], RunState | None] = {
    ("claim", RunState.QUEUED): RunState.RUNNING,
    ("stop", RunState.QUEUED): RunState.CANCELED,  # nothing was trained that could be kept
    ("stop", RunState.RUNNING): RunState.RUNNING,  # asked; its worker ends it
    ("stop", RunState.PAUSED): RunState.STOPPED,
    ("cancel", RunState.PAUSED): RunState.CANCELED,
    ("pause", RunState.QUEUED): RunState.PAUSED,
    ("pause", RunState.RUNNING): RunState.RUNNING,  # asked, too
    ("pause", RunState.PAUSED): RunState.PAUSED,
    **{("steer", state): state for state in RunState if not state.final},
    ("cancel", RunState.QUEUED): RunState.CANCELED,
    ("cancel", RunState.RUNNING): RunState.RUNNING,
    ("complete", RunState.RUNNING): RunState.COMPLETED,
    ("requeue", RunState.RUNNING): RunState.QUEUED,
    **{("resume", state): RunState.QUEUED for state in RESUMABLE},
    **{("resume here", state): RunState.RUNNING for state in RESUMABLE},
    **{("delete", state): None for state in RunState if not state.live},
}
"""Effect of an action in the states that allow it; None: the run is gone. In all other states it does nothing."""


@pytest.mark.parametrize("state", RunState)
def test_a_state_changes_only_as_the_table_says(store: Store, state: RunState) -> None:
    for action, act in ACTIONS.items():
        run = bring(store, state)
        wanted = AFTERWARDS.get((action, state), state)
        allowed = (action, state) in AFTERWARDS
        if not allowed and action not in ("claim", "complete", "requeue"):
            with pytest.raises(TrainyardError, match=f"Run {run.id} is {state.value}"):
                act(store, run)
        else:
            assert bool(act(store, run)) or allowed == (action == "delete"), action
        if wanted is None:
            with pytest.raises(TrainyardError, match=f"Run {run.id} does not exist"):
                store.runs.get(run.id)
        else:
            assert store.runs.get(run.id).state is wanted, action


def test_a_request_reaches_the_worker_and_a_cancel_overrules_a_stop(store: Store) -> None:
    run = claim(store)
    assert store.attempts.report(run) == ""
    store.runs.request_end(run.id, RunState.STOPPED, by="grace")
    assert store.attempts.report(run) == "stopped"
    store.runs.request_end(run.id, RunState.CANCELED)
    store.runs.request_end(run.id, RunState.STOPPED)
    assert store.attempts.report(run) == "canceled"
    asked = [event.text for event in store.runs.events(run.id) if event.kind == "request"]
    assert asked[0] == "Requested by grace to end as stopped."


def test_a_resumed_run_that_is_stopped_in_the_queue_can_be_resumed_again(store: Store) -> None:
    run = bring(store, RunState.STOPPED)
    store.runs.resume(run.id)
    assert store.runs.request_end(run.id, RunState.STOPPED).state is RunState.STOPPED
    assert store.runs.resume(run.id).state is RunState.QUEUED


def test_a_request_survives_the_death_of_the_worker(store: Store) -> None:
    run = claim(store)
    store.runs.request_end(run.id, RunState.STOPPED)
    assert not store.attempts.requeue(run, "again"), "the request would be forgotten"
    assert store.runs.get(run.id).request == "stopped"


def test_a_requeued_run_keeps_its_place(store: Store) -> None:
    first = claim(store)
    later = store.runs.create(SPEC)
    store.attempts.requeue(first, "again")
    assert store.runs.queue() == [first.id, later.id]


def test_a_resumed_run_goes_to_the_end_of_the_queue(store: Store) -> None:
    stopped = bring(store, RunState.STOPPED)
    waiting = store.runs.create(SPEC)
    store.runs.resume(stopped.id)
    assert store.runs.queue() == [waiting.id, stopped.id]


def test_a_run_that_has_ended_says_where_it_trained_and_one_that_waits_does_not(store: Store) -> None:
    run = claim(store, "gpu:1")
    store.attempts.end(run, RunState.STOPPED)
    assert store.runs.get(run.id).slot == "gpu:1"
    store.runs.resume(run.id)
    assert store.runs.get(run.id).slot == ""


def test_every_write_of_a_worker_whose_attempt_is_over_is_refused(store: Store) -> None:
    old = claim(store)
    store.attempts.requeue(old, "again")
    new = store.attempts.claim("cpu-1", old.id)
    assert new is not None
    assert (old.attempt, new.attempt) == (1, 2)
    assert store.attempts.report(old, [point(1)], epoch=7) is None
    assert not store.attempts.end(old, RunState.COMPLETED, result={"test_accuracy": 1.0})
    assert not store.attempts.requeue(old, "again")
    store.attempts.begin(old, worker={"pid": 1}, environment={"device": "old"}, total_steps=1)
    store.attempts.set_worker(old, {"pid": 1})
    store.attempts.report(new, [point(5)])
    store.metrics.truncate(old, 0, 0)
    now = store.runs.get(old.id)
    assert (now.state, now.epoch, now.result, now.environment) == (RunState.RUNNING, 0, {}, {})
    assert [p.step for p in store.metrics.read(old.id)] == [5]
    assert store.attempts.workers()[0][1] == {}
    assert store.attempts.report(new) == ""


# -- the queue ---------------------------------------------------------------------------------------------------------


def test_a_full_queue_refuses_with_a_sentence(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINYARD_MAX_QUEUED_RUNS", "2")
    settings.cache_clear()
    store.runs.create(SPEC)
    store.runs.create(SPEC)
    with pytest.raises(TrainyardError, match=r"queue is full: 2 runs are waiting.*TRAINYARD_MAX_QUEUED_RUNS allows 2"):
        store.runs.create(SPEC)
    assert len(store.runs.queue()) == 2
    store.runs.create(SPEC, slot="terminal")
    store.attempts.claim("cpu-0")
    store.runs.create(SPEC)


def test_an_id_is_never_given_twice(store: Store) -> None:
    last = bring(store, RunState.COMPLETED)
    store.runs.delete(last.id)
    assert store.runs.create(SPEC).id > last.id


def test_a_deleted_run_leaves_no_metrics_and_no_events(store: Store, url: str) -> None:
    run = claim(store)
    store.attempts.report(run, [point(1)])
    store.attempts.end(run, RunState.COMPLETED)
    store.runs.delete(run.id)
    assert (store.metrics.read(run.id), store.runs.events(run.id)) == ([], [])


def test_lists_are_newest_first_and_filtered(store: Store) -> None:
    first = store.runs.create(SPEC, "ada")
    second = store.runs.create(RunSpec.build({"dataset": "mnist", "model": "cnn"}), "grace")
    assert [run.id for run in store.runs.list()] == [second.id, first.id]
    assert [run.id for run in store.runs.list(limit=1)] == [second.id]
    filters: list[dict[str, Any]] = [{"dataset": "digits"}, {"model": "mlp"}, {"owner": "ada"}]
    assert [[run.id for run in store.runs.list(**chosen)] for chosen in filters] == [[first.id]] * 3
    assert store.runs.list(states=[RunState.COMPLETED]) == []
    assert len(store.runs.list(states=["queued"], task="image-classification")) == 2


def test_a_spec_comes_back_as_it_went_in(store: Store) -> None:
    assert store.runs.get(store.runs.create(SPEC).id).parsed() == SPEC


# -- metrics -----------------------------------------------------------------------------------------------------------


def test_metrics_are_read_from_where_the_last_reading_ended(store: Store) -> None:
    run, other = claim(store), claim(store)
    store.attempts.report(run, [point(1), point(2)])
    first = store.metrics.read(run.id)
    store.attempts.report(other, [point(9)])
    store.attempts.report(run, [point(3)])
    later = store.metrics.read(run.id, after=first[-1].id)
    assert [p.step for p in first] == [1, 2]
    assert [p.step for p in later] == [3]
    assert later[0]._replace(id=0) == point(3)
    assert store.metrics.read(run.id, after=later[-1].id) == []
    assert [p.step for p in store.metrics.read(run.id, limit=2)] == [1, 2]


def test_history_has_the_epoch_values_by_the_names_of_keras(store: Store) -> None:
    run = claim(store)
    store.attempts.report(run, [point(1, 9.0)])
    for epoch, value in ((10, 0.5), (20, 0.25)):
        store.attempts.report(
            run, [point(epoch, value, scope="epoch"), point(epoch, value * 2, split="validation", scope="epoch")]
        )
    assert store.metrics.history(run.id) == {"loss": [0.5, 0.25], "val_loss": [1.0, 0.5]}


def test_a_resumed_run_forgets_what_it_will_measure_again(store: Store) -> None:
    run = claim(store)
    store.attempts.report(run, [point(step, scope=scope) for step in (10, 11, 20) for scope in ("step", "epoch")])
    store.metrics.truncate(run, 10, 1)
    assert [(p.step, p.scope) for p in store.metrics.read(run.id)] == [(10, "step"), (10, "epoch")]


def test_an_epoch_whose_validation_is_done_again_has_its_values_once(store: Store) -> None:
    run = claim(store)
    store.attempts.report(run, [point(20), point(10, scope="epoch"), point(20, scope="epoch")])
    store.metrics.truncate(run, 20, 1)  # all steps of the second epoch are done, and its validation is not
    assert [(p.step, p.scope) for p in store.metrics.read(run.id)] == [(20, "step"), (10, "epoch")]


def test_the_curves_that_lead_to_an_epoch_are_read_once_and_are_none_without_their_run(store: Store) -> None:
    run = claim(store)
    assert store.metrics.curves_until(run.id, 2) == []
    store.attempts.report(run, [point(10), *(point(step, scope="epoch") for step in (10, 20, 30))])
    first = store.metrics.curves_until(run.id, 1)
    assert first is not None
    assert [p.epoch for p in first] == [1.0]
    more = store.metrics.curves_until(run.id, 2, after=first[-1].id)
    assert more is not None
    assert [p.epoch for p in more] == [2.0]
    store.attempts.end(run, RunState.COMPLETED)
    store.runs.delete(run.id)
    assert store.metrics.curves_until(run.id, 2) is None


def test_progress_is_written_with_the_points(store: Store) -> None:
    run = claim(store)
    store.attempts.report(run, [point(4)], epoch=2, step=4, best={"epoch": 1, "val_accuracy": 0.5}, curve=[0.1, 0.5])
    now = store.runs.get(run.id)
    assert (now.epoch, now.step, now.best, now.curve) == (2, 4, {"epoch": 1, "val_accuracy": 0.5}, [0.1, 0.5])
    assert now.heartbeat_at is not None
    assert run.heartbeat_at is not None
    assert now.heartbeat_at > run.heartbeat_at


def test_eight_writing_processes_lose_nothing(store: Store, url: str) -> None:
    made = [store.runs.create(SPEC).id for _ in range(8)]
    written: dict[int, int] = dict(together(8, write_for_a_while, url, 2.0))
    assert sorted(written) == made
    for run_id, count in written.items():
        assert count > 0
        assert [p.step for p in store.metrics.read(run_id)] == [step for step in range(count) for _ in range(6)]


# -- the executor's lease ----------------------------------------------------------------------------------------------


def test_one_executor_holds_the_lease_until_it_is_silent_or_gives_it_back(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert store.leases.get() is None
    assert store.leases.hold("a:1", {"pid": 1})
    assert store.leases.hold("a:1", {"pid": 1, "slots": []})
    assert not store.leases.hold("b:2", {})
    known = store.leases.get()
    assert known is not None
    assert (known.holder, known.info, known.alive) == ("a:1", {"pid": 1, "slots": []}, True)
    store.leases.release("b:2")
    assert not store.leases.hold("b:2", {}), "only the holder gives it back"
    monkeypatch.setenv("TRAINYARD_HEARTBEAT_TIMEOUT_SECONDS", "1.01")
    settings.cache_clear()
    time.sleep(1.1)
    assert store.leases.hold("b:2", {})
    assert not store.leases.hold("a:1", {})
    store.leases.release("b:2")
    assert store.leases.get() is None


def test_the_lease_of_an_executor_known_to_be_dead_is_taken_at_once(store: Store) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as executor:
        store.leases.hold("a:1", describe_process(executor.pid))
        assert not store.leases.hold("b:2", {})
        executor.kill()
    assert store.leases.hold("b:2", {})


def test_of_many_executors_that_start_at_once_one_has_the_lease(store: Store, url: str) -> None:
    answers = together(6, take_leases, url, 40)
    assert [sum(taken) for taken in zip(*answers, strict=True)] == [1] * 40


# -- downloads, and a database that does not answer --------------------------------------------------------------------


def test_the_last_word_on_a_download_is_kept(store: Store) -> None:
    assert store.fetches.get("cifar10") is None
    store.fetches.report("cifar10", "running", 10, 100)
    store.fetches.report("cifar10", "failed", message="No network.")
    known = store.fetches.get("cifar10")
    assert known is not None
    assert (known.state, known.done_bytes, known.message) == ("failed", 0, "No network.")


def test_a_suspended_writer_makes_others_fail_with_a_sentence_and_not_wait_for_ever(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.store.database._BUSY_SECONDS", 0.3)
    store, other = Store(settings().url), Store(settings().url)
    run = store.runs.create(SPEC)
    with other.writing():
        began = time.monotonic()
        assert store.runs.get(run.id).state is RunState.QUEUED, "reading goes on"
        with pytest.raises(StoreUnavailable, match="database is locked"):
            store.runs.request_end(run.id, RunState.STOPPED)
        assert time.monotonic() - began < 5
    assert store.runs.request_end(run.id, RunState.STOPPED).state is RunState.CANCELED
    store.close()
    other.close()


def test_runs_that_are_started_together_are_a_group(store: Store) -> None:
    alone = store.runs.create(SPEC)
    folds = RunSpec.build({"dataset": "digits", "model": "mlp", "folds": 3}).folded()
    made = store.runs.create_group(folds, "ada")
    assert [run.group_id for run in made] == [made[0].id] * 3
    assert store.runs.get(alone.id).group_id is None
    assert [run.id for run in store.runs.group(made[0].id)] == [run.id for run in made]
    assert [run.parsed().dataset.fold for run in store.runs.group(made[0].id)] == [0, 1, 2]


def test_a_group_enters_the_queue_whole_or_not_at_all(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINYARD_MAX_QUEUED_RUNS", "2")
    settings.cache_clear()
    with pytest.raises(TrainyardError, match="The queue is full"):
        store.runs.create_group([SPEC] * 3)
    assert store.runs.list() == []
    settings.cache_clear()


# -- studies -----------------------------------------------------------------------------------------------------------


def create_study(store: Store, **search: object) -> Study:
    """A study that is running."""
    values = {"dataset": "digits", "model": "mlp"}
    space = {"units": None, "dropout": None}
    return store.studies.create(StudySpec.build(values, space, search=Search.parse(search)), owner="ada")


def test_a_study_is_kept_as_it_was_made(store: Store) -> None:
    made = create_study(store, trials=7)
    found = store.studies.get(made.id)
    assert found == made
    assert (found.name, found.owner, found.state) == ("mlp on digits", "ada", StudyState.RUNNING)
    assert found.spec.search.trials == 7
    assert store.studies.list() == [found]
    assert store.studies.live() == {made.id: StudyState.RUNNING}
    with pytest.raises(TrainyardError, match="Study 99 does not exist"):
        store.studies.get(99)


def test_trials_are_runs_that_wait_like_others_and_boosted_ones_come_first(store: Store) -> None:
    study = create_study(store)
    plain = store.runs.create(SPEC)
    first, second = (store.studies.create_trial(study.id, trial, SPEC) for trial in (0, 1))
    assert first is not None
    assert second is not None
    assert (first.study_id, first.trial, first.owner) == (study.id, 0, "ada")
    store.studies.boost(study.id, 1)
    assert store.runs.queue() == [second.id, plain.id, first.id]
    assert store.studies.get(study.id).boosted == (1,)
    assert store.studies.runs(study.id) == {0: [store.runs.get(first.id)], 1: [store.runs.get(second.id)]}


def test_a_stopped_study_ends_its_runs_and_no_others(store: Store) -> None:
    study = create_study(store)
    store.studies.create_trial(study.id, 0, SPEC)
    running, waiting = store.attempts.claim("cpu-0"), store.studies.create_trial(study.id, 1, SPEC)
    plain = store.runs.create(SPEC)
    store.studies.stop(study.id)
    assert running is not None
    assert waiting is not None
    assert store.runs.get(running.id).request == "stopped"
    assert not store.runs.get(waiting.id).live
    assert store.runs.queue() == [plain.id]
    store.studies.end(study.id, StudyState.COMPLETED)
    assert store.studies.get(study.id).state is StudyState.STOPPED


def test_people_who_steer_a_study_at_once_lose_nothing(store: Store, url: str) -> None:
    study = create_study(store)
    assert together(4, enqueue_values, url, study.id, 10) == [10] * 4
    assert len(store.studies.get(study.id).enqueued) == 40


def test_a_driver_works_on_any_database(store: Store) -> None:
    study = create_study(store, trials=2, sampler="random")
    driver = Driver(store)
    for _ in range(2):
        driver.tick()
        run = store.attempts.claim("cpu-0")
        assert run is not None
        store.attempts.report(run, [point(1, 0.5, name="accuracy", split="validation", scope="epoch")], epoch=1)
        store.attempts.report(run, [], best={"epoch": 1, "val_accuracy": 0.5})
        store.attempts.end(run, RunState.COMPLETED)
    driver.tick()
    driver.close()
    assert store.studies.get(study.id).state is StudyState.COMPLETED
    Store(store.url).close()


def test_a_value_that_is_not_finite_is_kept(store: Store) -> None:
    run = claim(store)
    best = {"epoch": 1, "val_loss": float("inf"), 'a "Infinity"': -float("inf")}
    assert store.attempts.report(run, [point(1, float("nan")), point(2, float("inf"))], best=best) == ""
    assert store.runs.get(run.id).best == best
    assert [p.step for p in store.metrics.read(run.id)] == [1, 2]
