"""The worker's sentences, its refusal of runs that no longer belong to it, and workers that train several trials."""

import errno
import io
import json
from pathlib import Path
from typing import Any

import pytest

from engine import worker
from engine.artifacts import artifacts_of
from engine.errors import TrainyardError
from engine.executor.process import WorkerProcess
from engine.executor.slots import Slot
from engine.runs import Run, RunSpec, RunState
from engine.store import Store, StoreUnavailable
from engine.studies import StudySpec
from engine.worker import NO_STORE_CODE, explain, work
from tests.training_runs import RANDOM, SMALL, create
from tests.waiting import wait_until


def chained() -> Exception:
    """Return the error that zipfile makes of a full disk."""
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
    assert store.runs.get(run.id).message == "Unexpected RuntimeError: a bug (see the log)."
    assert "Traceback" in caplog.text


def test_an_error_that_a_person_can_put_right_is_a_sentence_in_the_log_too(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    run = create(store, device="gpu:9")
    assert work(store, run) == 1
    assert "gpu:9" in store.runs.get(run.id).message
    assert "gpu:9" in caplog.text
    assert "Traceback" not in caplog.text


def test_where_the_state_cannot_be_written_the_exit_code_tells(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any) -> None:
        raise StoreUnavailable("The database cannot be used: it is away.")

    monkeypatch.setattr("engine.training.fit.train_run", away)
    monkeypatch.setattr(store.attempts, "end", away)
    assert work(store, create(store)) == NO_STORE_CODE


def test_a_run_that_was_given_away_before_the_worker_began_is_left_alone(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = create(store)
    store.attempts.requeue(run, "again")
    assert store.attempts.claim("cpu-1", run.id)
    line = json.dumps({"run": run.id, "attempt": run.attempt})
    monkeypatch.setattr("sys.stdin", io.StringIO(line + "\n"))
    monkeypatch.setattr(worker, "warm_up", lambda: None)
    monkeypatch.setattr(worker, "open_log", lambda _: pytest.fail("it began"))
    monkeypatch.setattr("os.write", lambda *_: 0)
    assert worker.main() == 0
    assert store.runs.get(run.id).state is RunState.RUNNING


def hand_over(store: Store, process: WorkerProcess, study_id: int, trial: int, **values: Any) -> Run:
    """Let the process train a trial."""
    made = store.studies.create_trial(study_id, trial, RunSpec.build(SMALL | values))
    assert made is not None
    run = store.attempts.claim("cpu-0", made.id, worker=process.describe())
    assert run is not None
    process.hand_over(run)
    return run


def until(condition: Any) -> None:
    """Wait for it."""
    wait_until(condition, "what the worker does")


@pytest.mark.slow
@pytest.mark.parametrize("random", [{"dropout": 0.3}, RANDOM], ids=["as-it-comes", "deterministic"])
def test_a_worker_trains_trials_one_after_another_and_each_as_if_it_were_alone(
    store: Store, random: dict[str, Any]
) -> None:
    study = store.studies.create(StudySpec.build(SMALL, {"units": None}))
    alone, several = WorkerProcess(Slot("cpu-0", None)), WorkerProcess(Slot("cpu-1", None))
    hashes = []
    run = hand_over(store, alone, study.id, 0, **random)
    until(lambda: alone.done)
    hashes.append(store.runs.get(run.id).result["weights_sha256"])
    for trial, values in enumerate((random | {"units": 24}, random | {"optimizer": "sgd"}, random), 1):
        run = hand_over(store, several, study.id, trial, **values)
        until(lambda: several.done)
        ended = store.runs.get(run.id)
        assert ended.state is RunState.COMPLETED, ended.message
        several.take_back()
        assert several.state == "ready"
        hashes.append(ended.result["weights_sha256"])
        log = artifacts_of(run.id).read_log()
        assert f"Run {run.id}, attempt 1" in log
        assert f"Run {run.id}: completed" in log
        assert f"Run {run.id + 1}" not in log
    assert hashes[0] == hashes[3]
    assert len(set(hashes)) == 3
    alone.take_back()
    for process in (alone, several):
        process.dismiss()
        assert process._child.wait(30) == 0
        process._child.stdout.close()  # type: ignore[union-attr]


@pytest.mark.slow
def test_a_worker_whose_executor_is_gone_leaves_after_its_trial_and_writes_no_secret(
    store: Store, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("COOKIE_SECRET", "OIDC_CLIENT_SECRET"):
        monkeypatch.setenv(f"TRAINYARD_{name}", "planted-secret")
    study = store.studies.create(StudySpec.build(SMALL, {"units": None}))
    process = WorkerProcess(Slot("cpu-0", None))
    run = hand_over(store, process, study.id, 0)
    process._child.stdin.close()  # type: ignore[union-attr]  # as the system does for an executor that was killed
    process._child.stdout.close()  # type: ignore[union-attr]
    assert process._child.wait(90) == 0
    ended = store.runs.get(run.id)
    assert ended.state is RunState.COMPLETED
    assert ended.environment["versions"]
    assert "planted" not in str(ended)
    for file in home.rglob("*"):  # logs, run folder, database
        assert not file.is_file() or b"planted-secret" not in file.read_bytes(), file
