"""An executor whose workers end with it, as in a container: SIGTERM loses no step of what trains."""

import signal

import pytest

from engine.processes import describe_process, is_alive
from engine.runs import Run, RunState
from engine.settings import settings
from tests.faults.lab import LONG, Lab
from tests.faults.test_killed import assert_same

pytestmark = pytest.mark.slow


@pytest.fixture
def leaving(monkeypatch: pytest.MonkeyPatch) -> None:
    """Executors take their workers with them."""
    monkeypatch.setenv("TRAINYARD_REQUEUE_AT_STOP", "true")
    settings.cache_clear()


def test_a_terminated_executor_queues_its_run_which_goes_on_from_the_same_step(
    lab: Lab, whole: Run, leaving: None
) -> None:
    lab.executors[-1].terminate()
    lab.executors[-1].wait()
    executor = lab.start_executor()
    run = lab.until_step(lab.submit(**LONG), 3 * 172 + 60)
    worker = describe_process(lab.worker(run).pid)
    executor.send_signal(signal.SIGTERM)
    assert executor.wait(30) == 0
    assert is_alive(worker) is False
    left = lab.get(run)
    assert (left.state, left.restarts) == (RunState.QUEUED, 0)
    assert "Its executor was stopped; it continues from where it was." in left.message
    assert left.step >= 3 * 172 + 60
    lab.start_executor()
    assert_same(lab, run, whole)
    firsts = [event.text for event in lab.store.runs.events(run.id) if event.kind == "requeued"]
    assert len(firsts) == 1


def test_a_worker_that_does_not_leave_is_killed_and_its_run_is_queued(lab: Lab, whole: Run, leaving: None) -> None:
    lab.executors[-1].terminate()
    lab.executors[-1].wait()
    executor = lab.start_executor()
    run = lab.until_step(lab.submit(**LONG), 2 * 172)
    lab.worker(run).suspend()
    executor.terminate()
    assert executor.wait(30) == 0
    assert lab.get(run).state is RunState.QUEUED
    lab.start_executor()
    assert_same(lab, run, whole)
