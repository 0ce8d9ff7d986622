"""One of several machines that train a run is lost: the run stops within ten seconds and goes on from its last checkpoint."""

import os
import signal
from collections.abc import Iterator

import psutil
import pytest

from engine.runs import Run, RunState
from engine.settings import settings
from tests.faults.conftest import IMPATIENT
from tests.faults.lab import LONG, Lab

pytestmark = pytest.mark.slow

TOGETHER = LONG | {"machines": 2, "batch_size": 32, "epochs": 10}  # 44 steps an epoch
NOTICED_SECONDS = 10.0
SETTINGS = {
    "TRAINYARD_LOCAL_MACHINES": "2",
    "TRAINYARD_MACHINE_SILENT_SECONDS": "6",
    "TRAINYARD_HEARTBEAT_TIMEOUT_SECONDS": "30",  # two processes import TensorFlow at the same time
}


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRAINYARD_HOME", str(tmp_path_factory.mktemp("lab") / "home"))
        for name, value in (IMPATIENT | SETTINGS).items():
            patch.setenv(name, value)
        settings.cache_clear()
        made = Lab()
        made.start_executor()
        yield made
        made.close()
    settings.cache_clear()


@pytest.fixture(scope="module")
def whole(lab: Lab) -> Run:
    run = lab.until_ended(lab.submit(**TOGETHER))
    assert run.state is RunState.COMPLETED, run.message
    return run


def other_machine(lab: Lab, run: Run) -> psutil.Process:
    (found,) = lab.worker(run).children()
    return found


def assert_goes_on(lab: Lab, run: Run, whole: Run, words: str) -> None:
    lab.until(lambda: lab.get(run).attempt == 2 or lab.get(run).state is RunState.QUEUED, NOTICED_SECONDS)
    assert [event.text for event in lab.store.runs.events(run.id) if event.kind == "requeued"] == [words]
    ended = lab.until_ended(run)
    assert (ended.state, ended.attempt, ended.restarts) == (RunState.COMPLETED, 2, 1)
    assert ended.result["weights_sha256"] == whole.result["weights_sha256"]
    assert lab.store.metrics.history(run.id) == lab.store.metrics.history(whole.id)


def test_a_killed_follower(lab: Lab, whole: Run) -> None:
    run = lab.until_step(lab.submit(**TOGETHER), 3 * 44 + 20)
    other_machine(lab, run).kill()
    assert_goes_on(lab, run, whole, "One of its machines was lost; it continues from its last checkpoint.")


def test_a_follower_that_no_longer_answers(lab: Lab, whole: Run) -> None:
    run = lab.until_step(lab.submit(**TOGETHER), 3 * 44 + 20)
    other = other_machine(lab, run)
    os.kill(other.pid, signal.SIGSTOP)
    assert_goes_on(lab, run, whole, "One of its machines was lost; it continues from its last checkpoint.")
    lab.until(lambda: not other.is_running() or other.status() == psutil.STATUS_ZOMBIE)


def test_the_first_machine_killed_takes_the_others_with_it(lab: Lab, whole: Run) -> None:
    run = lab.until_step(lab.submit(**TOGETHER), 3 * 44 + 20)
    other = other_machine(lab, run)
    lab.worker(run).kill()
    assert_goes_on(lab, run, whole, "Its worker was gone; it continues from its last checkpoint.")
    lab.until(lambda: not other.is_running() or other.status() == psutil.STATUS_ZOMBIE)


def test_a_stop_ends_all_of_them(lab: Lab, whole: Run) -> None:
    run = lab.until_step(lab.submit(**TOGETHER | {"epochs": 100}), 100)
    other = other_machine(lab, run)
    lab.store.runs.request_end(run.id, RunState.STOPPED)
    ended = lab.until_ended(run)
    assert (ended.state, ended.attempt) == (RunState.STOPPED, 1)
    assert lab.files(run).model.is_file()
    lab.until(lambda: not other.is_running() or other.status() == psutil.STATUS_ZOMBIE)
