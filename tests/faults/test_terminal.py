"""A run in a terminal that was killed with signal 9, while no executor is there to notice."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from engine.access import local_owner
from engine.runs import RunState
from engine.service import runs
from tests.faults.lab import LONG, ROOT
from tests.waiting import wait_until


def test_a_run_in_a_terminal_that_was_killed_is_over_for_whoever_looks(home: Path) -> None:
    flags = [word for name, value in LONG.items() for word in flag(name, value)]
    child = subprocess.Popen(
        [sys.executable, "-m", "engine", "train", *flags], cwd=ROOT, stderr=subprocess.DEVNULL, start_new_session=True
    )
    wait_until(lambda: any(run.epoch for run in runs.list_all(local_owner())), "an epoch of the run in the terminal")
    (run,) = runs.list_all(local_owner())
    assert run.state is RunState.RUNNING
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    shown = subprocess.run(
        [sys.executable, "-m", "engine", "runs", "--json"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert '"state": "failed"' in shown.stdout
    assert "Resume continues from the last checkpoint" in shown.stdout
    assert runs.resume(local_owner(), run.id).state is RunState.QUEUED


def flag(name: str, value: object) -> list[str]:
    """One flag of the command."""
    words = "--" + name.replace("_", "-")
    if isinstance(value, bool):
        return [words if value else words.replace("--", "--no-", 1)]
    return [words, str(value)]
