"""Slots, exit codes, and decisions of the executor that need no real worker; the others are in tests/faults."""

import signal
import time
from dataclasses import replace

import pytest

from engine.artifacts import artifacts_of
from engine.devices import Device
from engine.executor.endings import explain_exit
from engine.executor.local import LocalExecutor
from engine.executor.slots import Slot, _make_slots
from engine.processes import describe_process
from engine.runs import Run, RunSpec, RunState
from engine.settings import settings
from engine.store import Store
from engine.studies import StudySpec
from engine.worker import NO_STORE_CODE
from tests.test_store import SPEC

pytestmark = pytest.mark.both_databases

CPU = Device("cpu", "cpu", "A CPU", 1)
GPUS = (Device("gpu:0", "gpu", "A GPU", 1), Device("gpu:1", "gpu", "A GPU", 1))
DEAD = describe_process() | {"pid": 2**22 - 1}


def test_a_machine_without_gpu_has_one_slot_for_any_run() -> None:
    (slot,) = _make_slots((CPU,), 0, cores=8)
    assert (slot.name, slot.devices) == ("cpu-0", None)
    assert slot.environment == {"CUDA_VISIBLE_DEVICES": "-1", "TF_NUM_INTRAOP_THREADS": "8"}


def test_each_gpu_is_a_slot_that_sees_only_itself() -> None:
    slots = _make_slots((*GPUS, CPU), 0, cores=8)
    assert [slot.name for slot in slots] == ["gpu:0", "gpu:1"]
    assert [slot.environment["CUDA_VISIBLE_DEVICES"] for slot in slots] == ["0", "1"]
    assert all("gpu:0" not in (slot.devices or ()) for slot in slots[1:])


def test_a_slot_may_have_several_gpus() -> None:
    three = tuple(replace(GPUS[0], name=f"gpu:{i}") for i in range(3))
    slots = _make_slots((*three, CPU), 0, cores=8, together=2)
    assert [(slot.name, slot.environment["CUDA_VISIBLE_DEVICES"]) for slot in slots] == [
        ("gpu:0-1", "0,1"),
        ("gpu:2", "2"),
    ]
    assert slots[0].devices == ("auto", "gpu", "cpu", "gpu:0")


def test_more_slots_than_gpus_are_for_runs_that_do_not_insist_on_one() -> None:
    slots = _make_slots((*GPUS, CPU), 3, cores=8)
    assert (slots[2].name, slots[2].devices) == ("cpu-0", ("auto", "cpu"))


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (-signal.SIGKILL, "memory runs out"),
        (-signal.SIGTERM, "ended by SIGTERM"),
        (-signal.SIGSEGV, "ended by SIGSEGV"),
        (NO_STORE_CODE, "disk is full"),
        (1, "exit code 1"),
        (None, "gone"),
    ],
)
def test_an_exit_code_becomes_a_sentence(code: int | None, words: str) -> None:
    assert words in explain_exit(code)


def test_under_a_memory_limit_an_abort_means_out_of_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "SIGABRT" in explain_exit(-signal.SIGABRT)
    monkeypatch.setenv("TRAINYARD_WORKER_MEMORY_MB", "500")
    settings.cache_clear()
    assert "Out of memory" in explain_exit(-signal.SIGABRT)
    settings.cache_clear()


def look_around(store: Store, **options: object) -> LocalExecutor:
    """Do what a new executor does at once, without starting any worker."""
    executor = LocalExecutor(store, **({"slots": [Slot("cpu-0", None)]} | options))  # type: ignore[arg-type]
    executor._look_around()
    return executor


def orphan(store: Store, request: str = "", attempts: int = 1) -> Run:
    """A running run whose worker is dead."""
    run = store.runs.create(SPEC)
    for attempt in range(attempts):
        claimed = store.attempts.claim("cpu-0", run.id, worker=DEAD)
        assert claimed is not None
        if attempt < attempts - 1:
            store.attempts.requeue(claimed, "again")
    if request:
        store.runs.request_end(run.id, RunState(request))
    return store.runs.get(run.id)


def test_an_orphan_is_queued_again(store: Store) -> None:
    run = orphan(store)
    look_around(store)
    assert store.runs.get(run.id).state is RunState.QUEUED


def test_an_orphan_that_was_asked_to_stop_is_stopped(store: Store) -> None:
    run = orphan(store, "stopped")
    look_around(store)
    assert store.runs.get(run.id).state is RunState.STOPPED


def test_an_orphan_that_was_canceled_leaves_nothing(store: Store) -> None:
    run = orphan(store, "canceled")
    files = artifacts_of(run.id)
    files.folder.mkdir(parents=True)
    files.checkpoint.write_bytes(b"some weights")
    look_around(store)
    assert store.runs.get(run.id).state is RunState.CANCELED
    assert not files.checkpoint.exists()


def test_an_orphan_is_not_queued_for_ever(store: Store) -> None:
    run = orphan(store, attempts=3)
    look_around(store)
    now = store.runs.get(run.id)
    assert now.state is RunState.FAILED
    assert "started 3 times" in now.message


def test_an_orphan_that_was_asked_to_pause_is_paused(store: Store) -> None:
    run = orphan(store, "paused")
    look_around(store)
    assert store.runs.get(run.id).state is RunState.PAUSED


@pytest.mark.parametrize("innocent", [True, False])
def test_a_trial_that_has_lost_its_worker_is_queued_again_but_not_for_ever(store: Store, innocent: bool) -> None:
    study = store.studies.create(StudySpec.build({"dataset": "digits", "model": "mlp"}, {"units": None}))
    store.studies.create_trial(study.id, 0, SPEC)
    executor = LocalExecutor(store, slots=[])
    for _ in range(settings().max_attempts):
        run = store.attempts.claim("cpu-0")
        assert run is not None
        executor._conclude(run, explain_exit(-signal.SIGKILL), innocent=innocent)
    ended = store.runs.get(run.id)
    assert (ended.state, ended.attempt) == (RunState.FAILED, 3)
    assert "signal 9" in ended.message
    assert "started 3 times" in ended.message


def test_an_ordinary_run_whose_worker_was_killed_is_not_begun_again(store: Store) -> None:
    run = orphan(store)
    LocalExecutor(store, slots=[])._conclude(run, explain_exit(-signal.SIGKILL), innocent=False)
    assert store.runs.get(run.id).state is RunState.FAILED


def test_the_lease_tells_which_slots_are_busy_as_soon_as_they_are(store: Store) -> None:
    store.runs.create(SPEC)
    run = store.attempts.claim("cpu-0", worker=describe_process())
    assert run is not None
    look_around(store)
    known = store.leases.get()
    assert known is not None
    assert known.info["slots"] == [{"name": "cpu-0", "run": run.id}]


def test_a_living_worker_of_another_executor_keeps_its_slot(store: Store) -> None:
    store.runs.create(SPEC)
    run = store.attempts.claim("cpu-0", worker=describe_process())
    waiting = store.runs.create(SPEC)
    assert run is not None
    executor = look_around(store)
    executor._fill_slots()
    assert executor._standby == {}
    assert store.runs.get(run.id).state is RunState.RUNNING
    assert store.runs.queue() == [waiting.id]


def test_a_run_for_a_device_that_no_slot_has_is_not_left_in_the_queue(store: Store) -> None:
    wrong = store.runs.create(RunSpec.build({"dataset": "digits", "model": "mlp", "device": "gpu:7"}))
    right = store.runs.create(RunSpec.build({"dataset": "digits", "model": "mlp", "device": "gpu:0"}))
    look_around(store, slots=_make_slots((GPUS[0], CPU), 0, cores=8))
    failed = store.runs.get(wrong.id)
    assert failed.state is RunState.FAILED
    assert "does not have a device 'gpu:7'" in failed.message
    assert store.runs.queue() == [right.id]


def test_an_executor_that_lost_its_lease_leaves(store: Store) -> None:
    executor = LocalExecutor(store, slots=[])
    assert store.leases.hold("elsewhere:1", {"host": "elsewhere"})
    executor._look_around()
    assert executor._ending
    assert not LocalExecutor(store, slots=[]).run()


def test_an_executor_leaves_when_nobody_has_wanted_it_for_a_while(store: Store) -> None:
    assert not look_around(store)._ending
    assert look_around(store, idle_seconds=0.1)._ending
    store.runs.create(SPEC)
    assert not look_around(store, idle_seconds=0.1)._ending


def test_silence_is_measured_by_our_own_clock(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    run = orphan(store)
    executor = LocalExecutor(store, slots=[])
    assert executor._silent_seconds(run) == 0
    time.sleep(0.1)
    assert executor._silent_seconds(run) >= 0.1
    store.attempts.report(run)
    assert executor._silent_seconds(store.runs.get(run.id)) == 0
