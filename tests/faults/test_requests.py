"""Requests to runs, and problems with what runs need: each ends in a state with a sentence."""

import itertools
import statistics
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.imports.archive import import_files
from engine.imports.versions import delete_set
from engine.processes import describe_process
from engine.runs import RunSpec, RunState
from tests.faults.lab import LONG, SHORT, Lab

pytestmark = pytest.mark.slow
ENDLESS = LONG | {"epochs": 500}


@pytest.fixture(autouse=True)
def executor(lab: Lab) -> None:
    """One executor for all tests of this module."""
    if not lab.executors:
        lab.start_executor()


def test_a_stop_is_obeyed_within_a_second(lab: Lab) -> None:
    run, waits = lab.submit(**ENDLESS), []
    for _ in range(3):
        lab.until_step(run, lab.get(run).step + 100)
        began = time.monotonic()
        lab.store.runs.request_end(run.id, RunState.STOPPED)
        lab.until(lambda: (now := lab.get(run)).phase or not now.live, awaited=f"the end of training run {run.id}")
        waits.append(time.monotonic() - began)
        stopped = lab.until_ended(run)
        assert stopped.state is RunState.STOPPED
        assert "Resume" in stopped.message
        assert lab.files(run).model.is_file()
        assert lab.files(run).checkpoint.is_file()
        assert "test_accuracy" in stopped.result
        lab.store.runs.resume(run.id)
    lab.store.runs.request_end(run.id, RunState.CANCELED)
    lab.until_ended(run)
    print("seconds from request to the end of training:", [round(seconds, 2) for seconds in waits])
    assert statistics.median(waits) < 3  # one second on an idle machine


def test_a_canceled_run_keeps_nothing_but_its_log(lab: Lab) -> None:
    run = lab.until_step(lab.submit(**ENDLESS), 300)
    lab.store.runs.request_end(run.id, RunState.CANCELED)
    canceled = lab.until_ended(run)
    assert (canceled.state, canceled.result) == (RunState.CANCELED, {})
    assert [path.name for path in lab.files(run).folder.iterdir()] == ["log.txt"]


def test_runs_are_trained_in_the_order_of_the_queue(lab: Lab) -> None:
    runs = [lab.submit(**SHORT, seed=seed) for seed in range(3)]
    ended = [lab.until_ended(run) for run in runs]
    assert [run.state for run in ended] == [RunState.COMPLETED] * 3
    starts = [run.started_at for run in ended]
    assert starts == sorted(starts, key=lambda at: at.timestamp() if at else 0)
    assert all(a.ended_at <= b.started_at for a, b in itertools.pairwise(ended) if a.ended_at and b.started_at)


def test_a_run_whose_dataset_was_deleted_says_so(lab: Lab, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for label in ("cat", "dog"):
        (tmp_path / label).mkdir()
        for i in range(8):
            Image.fromarray(rng.integers(0, 255, (8, 8, 3), np.uint8)).save(tmp_path / label / f"{i}.png")
    import_files("images", tmp_path, "pets")
    blocking = lab.submit(**ENDLESS)
    lab.until_step(blocking, 1)
    run = lab.submit(dataset="folder", folder="pets", model="mlp")
    delete_set("pets")
    lab.store.runs.request_end(blocking.id, RunState.CANCELED)
    failed = lab.until_ended(run)
    assert failed.state is RunState.FAILED
    assert "'pets' is not on this machine" in failed.message


def test_a_damaged_checkpoint_says_so(lab: Lab) -> None:
    run = lab.until_step(lab.submit(**ENDLESS), 300)
    lab.store.runs.request_end(run.id, RunState.STOPPED)
    lab.until_ended(run)
    checkpoint = lab.files(run).checkpoint
    checkpoint.write_bytes(checkpoint.read_bytes()[:5_000])
    lab.store.runs.resume(run.id)
    failed = lab.until_ended(run)
    assert failed.state is RunState.FAILED
    assert "checkpoint" in failed.message
    assert "cannot be read" in failed.message


def test_a_run_in_a_terminal_that_was_closed_is_failed(lab: Lab) -> None:
    run = lab.store.runs.create(RunSpec.build(LONG), slot="terminal")
    lab.store.attempts.set_worker(run, describe_process() | {"pid": 2**22 - 1})
    failed = lab.until_ended(run)
    assert failed.state is RunState.FAILED
    assert "Resume" in failed.message


def test_a_run_in_a_terminal_of_which_nothing_is_known_is_failed_after_a_while(lab: Lab) -> None:
    run = lab.store.runs.create(RunSpec.build(LONG), slot="terminal")
    lab.store.attempts.set_worker(run, {})
    assert lab.until_ended(run).state is RunState.FAILED
