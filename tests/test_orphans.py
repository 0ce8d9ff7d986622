"""A run whose process is gone is reported as ended, and one that lives is left alone."""

import subprocess
import sys
import time

import pytest

from engine import service
from engine.access import local_owner
from engine.errors import TrainyardError
from engine.processes import describe_process
from engine.runs import Run, RunState
from engine.service import orphans
from engine.store import Store
from tests import seeding

pytestmark = pytest.mark.both_databases

OWNER = local_owner()


@pytest.fixture(autouse=True)
def _at_every_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orphans, "_PAUSE_SECONDS", 0.0)


def killed(store: Store, slot: str) -> Run:
    """A run whose process was killed by signal 9 a moment ago."""
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    run = store.attempts.claim(slot, seeding.queued(store).id, worker=describe_process(child.pid))
    assert run is not None
    assert service.runs.get(OWNER, run.id).state is RunState.RUNNING
    child.kill()
    child.wait()
    return run


def test_a_killed_run_of_a_terminal_is_failed_and_can_be_resumed(store: Store) -> None:
    run = killed(store, "terminal")
    seen = service.runs.get(OWNER, run.id)
    assert (seen.state, seen.ended_at is not None) == (RunState.FAILED, True)
    assert "Resume continues from the last checkpoint" in seen.message
    assert service.runs.resume(OWNER, run.id, slot="terminal").state is RunState.RUNNING
    assert service.runs.get(OWNER, run.id).state is RunState.RUNNING, "this process trains it now, and lives"


def test_lists_see_it_too(store: Store) -> None:
    run = killed(store, "terminal")
    assert [found.state for found in service.runs.list_all(OWNER)] == [RunState.FAILED]
    assert [found.state for found in service.runs.get_many(OWNER, [run.id])] == [RunState.FAILED]


def test_a_killed_run_that_was_asked_to_end_ends_like_that(store: Store) -> None:
    run = killed(store, "terminal")
    store.runs.request_end(run.id, RunState.CANCELED)
    assert service.runs.get(OWNER, run.id).state is RunState.CANCELED


def test_what_an_executor_has_handed_out_is_left_to_it_while_it_lives(store: Store) -> None:
    run = killed(store, "cpu-0")
    assert store.leases.hold("me", describe_process())
    assert service.runs.get(OWNER, run.id).state is RunState.RUNNING
    store.leases.release("me")
    assert service.runs.get(OWNER, run.id).state is RunState.QUEUED, "it is tried again, from its last checkpoint"


def test_a_run_whose_process_lives_or_is_not_known_is_left_alone(store: Store) -> None:
    mine = store.runs.create(seeding.spec(), slot="terminal")
    other = store.attempts.claim("cpu-0", seeding.queued(store).id, worker={"pid": 1, "host": "elsewhere"})
    assert other is not None
    for run in (mine, other):
        assert service.runs.get(OWNER, run.id).state is RunState.RUNNING
    with pytest.raises(TrainyardError, match="only a paused, stopped, pruned or failed run"):
        service.runs.resume(OWNER, mine.id)


def test_looking_is_done_once_a_second_at_most(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orphans, "_PAUSE_SECONDS", 1.0)
    looked = [orphans.settle(store) for _ in range(20)]
    assert not any(looked)
    began = time.monotonic()
    for _ in range(20):
        orphans.settle(store)
    assert time.monotonic() - began < 0.5
