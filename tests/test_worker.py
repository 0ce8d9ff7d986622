"""The worker's sentences, and its refusal of runs that are not its own any more."""

import errno
import io
import json
from typing import Any

import pytest

from engine import worker
from engine.errors import TrainyardError
from engine.runs import RunState
from engine.store import Store, StoreUnavailable
from engine.worker import NO_STORE_CODE, explain, work
from tests.training_runs import create


def chained() -> Exception:
    """What zipfile makes of a full disk."""
    try:
        try:
            raise OSError(errno.ENOSPC, "No space left on device")
        finally:
            raise ValueError("Can't close the ZIP file while there is an open writing handle on it.")
    except ValueError as error:
        return error


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (TrainyardError("As it stands."), "As it stands."),
        (MemoryError(), "Out of memory"),
        (OSError(errno.ENOSPC, "No space left on device"), "disk is full"),
        (chained(), "disk is full"),
        (StoreUnavailable("The database cannot be used: database or disk is full."), "disk is full"),
        (PermissionError(errno.EACCES, "Permission denied", "/a/file"), "Permission denied at /a/file"),
        (KeyError("weights"), "Unexpected KeyError: 'weights' (see the log)."),
        (RuntimeError(), "Unexpected RuntimeError: no message"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_every_error_becomes_a_sentence(error: Exception, words: str) -> None:
    assert words in explain(error)


def test_an_unexpected_error_fails_the_run_and_leaves_a_traceback(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr("engine.training.fit.train_run", broken)
    run = create(store)
    assert work(store, run) == 1
    assert store.get_run(run.id).message == "Unexpected RuntimeError: a bug (see the log)."
    assert "Traceback" in caplog.text


def test_where_the_state_cannot_be_written_the_exit_code_tells(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any) -> None:
        raise StoreUnavailable("The database cannot be used: it is away.")

    monkeypatch.setattr("engine.training.fit.train_run", away)
    monkeypatch.setattr(store, "end_run", away)
    assert work(store, create(store)) == NO_STORE_CODE


def test_a_run_that_was_given_away_before_the_worker_began_is_left_alone(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = create(store)
    store.requeue_run(run, "again")
    assert store.claim_run("cpu-1", run.id)
    line = json.dumps({"run": run.id, "attempt": run.attempt})
    monkeypatch.setattr("sys.stdin", io.StringIO(line + "\n"))
    monkeypatch.setattr(worker, "warm_up", lambda: None)
    monkeypatch.setattr(worker, "open_log", lambda _: pytest.fail("it began"))
    monkeypatch.setattr("os.write", lambda *_: 0)
    assert worker.main() == 0
    assert store.get_run(run.id).state is RunState.RUNNING
