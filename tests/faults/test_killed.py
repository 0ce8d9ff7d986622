"""Processes are killed at bad moments: no run is lost, stuck or trained twice, and all end with the same weights."""

import os
import signal

import pytest

from engine.runs import Run, RunState
from tests.faults.lab import LONG, SHORT, Lab

pytestmark = pytest.mark.slow


def assert_same(lab: Lab, run: Run, whole: Run) -> None:
    """The run came to the same end as one that nothing has interrupted."""
    now = lab.until_ended(run)
    assert now.state is RunState.COMPLETED, now.message
    assert now.result["weights_sha256"] == whole.result["weights_sha256"]
    assert lab.store.metrics.history(run.id) == lab.store.metrics.history(whole.id)
    steps = [p.step for p in lab.store.metrics.read(run.id) if (p.split, p.scope, p.name) == ("train", "step", "loss")]
    assert steps == sorted(set(steps)), "a step was written twice"


def test_a_killed_worker_leaves_a_failed_run_that_resumes_to_the_same_weights(lab: Lab, whole: Run) -> None:
    run = lab.until_step(lab.submit(**LONG), 4 * 172 + 60)
    lab.worker(run).kill()
    before = lab.get(run)
    failed = lab.until_ended(run)
    assert failed.state is RunState.FAILED
    assert "signal 9" in failed.message
    assert "Resume" in failed.message
    assert failed.step >= before.step
    newest = max(p.at for p in lab.store.metrics.read(run.id))
    assert failed.heartbeat_at is not None
    assert abs(failed.heartbeat_at.timestamp() - newest) < 0.5
    lab.store.runs.resume(run.id)
    assert_same(lab, run, whole)
    assert lab.get(run).attempt == 2


def test_a_run_outlives_its_executor_and_the_next_one_adopts_it(lab: Lab, whole: Run) -> None:
    run = lab.until_step(lab.submit(**LONG), 2 * 172)
    worker = lab.worker(run)
    lab.executors[-1].kill()
    lab.executors[-1].wait()
    waiting = lab.submit(**SHORT)
    lab.start_executor()
    assert worker.is_running() or not lab.get(run).live

    def adopted() -> bool:
        begun = (
            lab.get(waiting).state is not RunState.QUEUED
        )  # first: the other may end at any moment, and never begins again
        training = lab.get(run).live
        assert not (begun and training), "the slot was given twice"
        slots = known.info["slots"] if (known := lab.store.leases.get()) else []
        return slots == [{"name": "cpu-0", "run": run.id}] or not training

    lab.until(adopted)
    assert_same(lab, run, whole)
    assert lab.get(run).attempt == 1
    first, second = lab.get(run), lab.until_ended(waiting)
    assert second.state is RunState.COMPLETED
    assert first.ended_at is not None
    assert second.started_at is not None
    assert second.started_at >= first.ended_at


def test_when_executor_and_worker_are_killed_at_once_the_run_is_queued_again(lab: Lab, whole: Run) -> None:
    run = lab.until_step(lab.submit(**LONG), 3 * 172 + 40)
    worker = lab.worker(run)
    lab.executors[-1].kill()
    worker.kill()
    lab.executors[-1].wait()
    lab.start_executor()
    assert_same(lab, run, whole)
    assert lab.get(run).attempt == 2
    assert "requeued" in [event.kind for event in lab.store.runs.events(run.id)]


def test_a_stop_asked_of_a_dead_executor_is_obeyed_by_the_worker(lab: Lab, whole: Run) -> None:
    run = lab.until_step(lab.submit(**LONG), 100)
    lab.executors[-1].kill()
    lab.executors[-1].wait()
    lab.store.runs.request_end(run.id, RunState.STOPPED)
    assert lab.until_ended(run).state is RunState.STOPPED
    assert lab.files(run).checkpoint.is_file()
    lab.start_executor()


def test_a_suspended_worker_is_killed_and_its_run_can_be_resumed(lab: Lab, whole: Run) -> None:
    run = lab.until_step(lab.submit(**LONG), 100)
    os.kill(lab.worker(run).pid, signal.SIGSTOP)
    failed = lab.until_ended(run)
    assert failed.state is RunState.FAILED
    assert "silent for 6 seconds" in failed.message
    assert "Resume" in failed.message


def test_a_suspended_worker_that_is_asked_to_stop_is_killed_after_the_grace(lab: Lab, whole: Run) -> None:
    run = lab.until_step(lab.submit(**LONG), 100)
    os.kill(lab.worker(run).pid, signal.SIGSTOP)
    lab.store.runs.request_end(run.id, RunState.CANCELED)
    assert lab.until_ended(run).state is RunState.CANCELED
    assert [path.name for path in lab.files(run).folder.iterdir()] == ["log.txt"]


def test_a_killed_standby_worker_is_replaced(lab: Lab, whole: Run) -> None:
    old = lab.standby()
    old.kill()
    run = lab.submit(**SHORT)
    lab.until(lambda: lab.get(run).state is not RunState.QUEUED)
    assert lab.until_ended(run).state is RunState.COMPLETED
    assert lab.standby().pid != old.pid


def test_the_second_of_two_executors_leaves(lab: Lab, whole: Run) -> None:
    first = lab.executors[-1]
    second = lab.spawn_executor()
    assert second.wait(60) == 1
    assert lab.executors.pop() is second
    assert first.poll() is None
    known = lab.store.leases.get()
    assert known is not None
    assert known.info["pid"] == first.pid
