"""Memory and disk run out."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.runs import RunState
from engine.settings import settings
from tests.faults.lab import LONG, SHORT, Lab

pytestmark = pytest.mark.slow
LARGE = LONG | {"epochs": 500, "units": 1024, "depth": 2, "batch_size": 32}
"""A million weights: 17 MB a checkpoint."""


def test_a_run_that_takes_more_memory_than_allowed_says_so(own_lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINYARD_WORKER_MEMORY_MB", "300")
    own_lab.start_executor()
    greedy = own_lab.submit(dataset="fashion", model="cnn", batch_size=4096)
    modest = own_lab.submit(**SHORT)
    failed = own_lab.until_ended(greedy)
    print(failed.message, own_lab.files(greedy).read_log()[-3000:])
    assert failed.state is RunState.FAILED
    assert "Out of memory" in failed.message
    assert "TRAINYARD_WORKER_MEMORY_MB" in failed.message
    assert own_lab.until_ended(modest).state is not RunState.QUEUED, "the executor has gone, too"


@pytest.fixture
def small_disk(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home folder on a disk of 64 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, stderr=subprocess.DEVNULL).returncode:
        pytest.skip("a small disk can only be mounted by root")
    monkeypatch.setenv("TRAINYARD_HOME", str(disk / "home"))
    settings.cache_clear()
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_full_disk_fails_the_run_with_a_sentence_and_it_resumes_once_there_is_room(
    small_disk: Path, own_lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAINYARD_KEPT_EPOCHS", "0")  # they would be let go first, and make room
    own_lab.start_executor()
    run = own_lab.until_step(own_lab.submit(**LARGE), 40)
    own_lab.until(own_lab.files(run).checkpoint.is_file)
    filler = small_disk / "filler"
    for leave_bytes in (8_000_000, 0):  # too little for a checkpoint; too little even for the database
        fill(filler, leave_bytes)
        if not leave_bytes:
            worker = own_lab.worker(run)
            own_lab.until(lambda: not worker.is_running() or worker.status() == "zombie")  # noqa: B023
            filler.unlink()
        failed = own_lab.until_ended(run)
        print(leave_bytes, failed.message, own_lab.files(run).read_log()[-9000:])
        assert failed.state is RunState.FAILED
        assert "disk is full" in failed.message
        assert "Resume" in failed.message
        filler.unlink(missing_ok=True)
        own_lab.store.runs.resume(run.id)
        own_lab.until(lambda: own_lab.get(run).step > failed.step + 20)  # noqa: B023
    own_lab.store.runs.request_end(run.id, RunState.STOPPED)
    assert own_lab.until_ended(run).state is RunState.STOPPED


def fill(path: Path, leave_bytes: int) -> None:
    """Write until no more than `leave_bytes` are free."""
    with path.open("wb", buffering=0) as file:
        try:
            while shutil.disk_usage(path.parent).free > leave_bytes:
                file.write(b"\0" * 16_384)
        except OSError:
            return
