"""PostgreSQL crashes and comes back while there is work: nothing is lost, done twice or failed.

The other faults run on SQLite: what they kill are executors, workers and drivers, which know the store by its contract,
and that is tested on both databases.
"""

import multiprocessing
import os
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from engine.access import Actor, Role
from engine.runs import Run, RunState
from engine.settings import settings
from engine.store import Store, StoreUnavailable
from engine.studies import Search, StudySpec
from tests import postgres
from tests.crowd import fill_queue
from tests.faults.conftest import IMPATIENT
from tests.faults.lab import LONG, SHORT, Lab
from tests.faults.test_killed import assert_same
from tests.faults.test_search_killed import assert_whole
from ui.runs.feeds import Feed

pytestmark = pytest.mark.slow

_AWAY_SECONDS = 1.0
ADA = Actor("ada", Role.ADMIN)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[postgres.Server]:
    """A server that holds the database of this module."""
    with postgres.restartable() as made, pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRAINYARD_HOME", str(tmp_path_factory.mktemp("lab") / "home"))
        patch.setenv("TRAINYARD_DATABASE_URL", made.url)
        for name, value in IMPATIENT.items():
            patch.setenv(name, value)
        settings.cache_clear()
        yield made
    settings.cache_clear()


@pytest.fixture(scope="module")
def lab(server: postgres.Server) -> Iterator[Lab]:
    """An installation with an executor."""
    made = Lab()
    made.start_executor()
    yield made
    made.close()


def crash(server: postgres.Server, seconds: float = _AWAY_SECONDS) -> None:
    """Crash the server and have it come back."""
    server.stop()
    time.sleep(seconds)
    server.start()


def test_a_run_a_study_and_a_page_outlive_crashes_of_the_server(lab: Lab, server: postgres.Server) -> None:
    whole = lab.until_ended(lab.submit(**LONG))
    assert whole.state is RunState.COMPLETED, whole.message
    run = lab.submit(**LONG)
    feed = Feed(run.id)
    study = lab.store.studies.create(
        StudySpec.build(SHORT, {"units": None}, search=Search.parse({"trials": 4, "pruner": "none"}))
    )
    lab.until(lambda: lab.get(run).state is RunState.RUNNING)
    crash(server)  # while it is prepared
    lab.until_step(run, 4 * 172)
    crash(server, seconds=float(IMPATIENT["TRAINYARD_HEARTBEAT_TIMEOUT_SECONDS"]) + 2)  # it trains on, maybe to its end
    assert_same(lab, run, whole)
    now = lab.get(run)
    assert (now.attempt, now.restarts) == (1, 0), "the worker trained on"
    assert feed.follow(ADA, 0.0).state is RunState.COMPLETED
    for _ in range(3):  # whatever the study is doing
        time.sleep(1.5)
        crash(server, seconds=0.2)
    assert_whole(lab, study, complete=4)


def test_runs_that_are_claimed_while_the_server_crashes_are_claimed_once(lab: Lab, server: postgres.Server) -> None:
    lab.executors[-1].terminate()
    lab.executors[-1].wait()
    first: Run = lab.submit(**SHORT)
    fill_queue(lab.store, first.id, 300)
    waiting = set(lab.store.runs.queue())
    with multiprocessing.get_context("spawn").Pool(4) as processes:
        calls = [processes.apply_async(claim_patiently, (lab.store.url,)) for _ in range(4)]
        for _ in range(3):
            left = len(lab.store.runs.queue())
            lab.until(lambda left=left: len(lab.store.runs.queue()) < left - 25)
            crash(server, seconds=0.2)
        claimed = [call.get(timeout=100) for call in calls]
    counts = Counter(run_id for part, _ in claimed for run_id in part)
    assert set(counts.values()) == {1}, "a run was given to two"
    owned = {run.id: worker["pid"] for run, worker in lab.store.attempts.workers()}
    assert owned.keys() == waiting, "a run was lost"
    unheard = owned.keys() - counts.keys()  # committed, and the answer was lost: the row names who has it
    assert len(unheard) <= 12
    assert {owned[run_id] for run_id in unheard} <= {pid for _, pid in claimed}


def claim_patiently(url: str) -> tuple[list[int], int]:
    """Claim until the queue is empty: ids of the runs, and the process that claimed them."""
    store, claimed = Store(url, patience_seconds=60), []
    while True:
        try:
            run = store.attempts.claim("cpu-0", worker={"pid": os.getpid()})
        except StoreUnavailable:
            continue
        if run is None:
            return claimed, os.getpid()
        claimed.append(run.id)
