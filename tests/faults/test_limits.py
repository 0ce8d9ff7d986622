"""Memory and disk run out."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.runs import RunState
from engine.settings import settings
from tests.faults.lab import LONG, SHORT, Lab

pytestmark = pytest.mark.slow


def test_a_run_that_takes_more_memory_than_allowed_says_so(own_lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINYARD_WORKER_MEMORY_MB", "300")
    own_lab.start_executor()
    greedy = own_lab.submit(dataset="fashion", model="cnn", batch_size=4096)
    modest = own_lab.submit(**SHORT)
    failed = own_lab.until_ended(greedy)
    assert failed.state is RunState.FAILED
    assert "Out of memory" in failed.message
    assert "TRAINYARD_WORKER_MEMORY_MB" in failed.message
    assert own_lab.until_ended(modest).state is not RunState.QUEUED, "the executor has gone, too"


@pytest.fixture
def small_disk(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home folder on a disk of 24 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, stderr=subprocess.DEVNULL).returncode:
        pytest.skip("a small disk can only be mounted by root")
    monkeypatch.setenv("TRAINYARD_HOME", str(disk / "home"))
    settings.cache_clear()
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_full_disk_fails_the_run_with_a_sentence_and_it_resumes_once_there_is_room(
    small_disk: Path, own_lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_lab.start_executor()
    run = own_lab.until_step(own_lab.submit(**LONG | {"epochs": 100, "units": 512}), 300)
    filler = small_disk / "filler"
    fill(filler)
    failed = own_lab.until_ended(run)
    assert failed.state is RunState.FAILED
    assert "disk" in failed.message
    assert "Resume" in failed.message
    filler.unlink()
    own_lab.store.resume_run(run.id)
    own_lab.until_step(run, failed.step + 20)
    own_lab.store.request_end(run.id, RunState.STOPPED)
    assert own_lab.until_ended(run).state is RunState.STOPPED


def fill(path: Path) -> None:
    """Write until nothing more fits."""
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 65_536)
        except OSError:
            return
