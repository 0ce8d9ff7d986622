"""A worker process as its executor sees it: starting, ready, busy, gone."""

import json
import os
import select
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from engine.executor.slots import Slot
from engine.group import TOGETHER
from engine.processes import describe_process
from engine.runs import Run
from engine.settings import child_environment
from engine.worker import READY

ROOT = Path(__file__).resolve().parents[2]
MOST_RUNS = 50
"""Number of trials that one worker trains: whatever a run may leave behind goes with the process."""


class WorkerProcess:
    """A child process in its own session, so that it outlives its executor once it has a run."""

    def __init__(self, slot: Slot, *, together: bool = False) -> None:
        """`together`: for a run on several machines, which only a process can join whose TensorFlow has not begun yet."""
        self.slot, self._together = slot, together
        self.run: Run | None = None
        self.study_id: int | None = None
        """The study whose trials it has trained: it trains nothing else."""
        self.again = False
        """Whether it will take another run after this one."""
        self._handed = 0
        self._ready = 0  # how often it has reported to be ready
        self._heard = b""
        self._child = subprocess.Popen(
            [sys.executable, "-m", "engine.worker", *([TOGETHER] if together else [])],
            cwd=ROOT,
            env=child_environment(**slot.environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        """Process id, and id of its process group."""
        return self._child.pid

    @property
    def state(self) -> str:
        """`starting`, `ready`, `busy` or `gone`."""
        if self.exit_code is not None:
            return "gone"
        if self.run is not None:
            return "busy"
        return "ready" if self.ready else "starting"

    @property
    def ready(self) -> bool:
        """Whether it has imported what it needs."""
        return self._listen() > 0

    @property
    def done(self) -> bool:
        """Whether it has trained its run, and waits for another."""
        return self.run is not None and self._listen() > self._handed

    def _listen(self) -> int:
        """Return how often it has reported to be ready."""
        assert self._child.stdout is not None
        while select.select([self._child.stdout], [], [], 0)[0]:
            said = os.read(self._child.stdout.fileno(), 4096)
            if not said:
                break  # it has ended
            *lines, self._heard = (self._heard + said).split(b"\n")
            self._ready += lines.count(READY.encode())
        return self._ready

    def suits(self, run: Run) -> bool:
        """Whether it may train the run: a worker that was used before only serves trials of its own study, and one for runs
        on several machines nothing else."""
        return self.study_id in (None, run.study_id) and self._together == on_several(run)

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative: the signal that ended it."""
        return self._child.poll()

    def describe(self) -> dict[str, Any]:
        """Return what distinguishes it from any other process, for the store."""
        return describe_process(self.pid)

    def hand_over(self, run: Run) -> None:
        """Give it the run to train; it starts at once, or as soon as it is ready. Raise `BrokenPipeError` if it is gone."""
        assert self._child.stdin is not None
        again = run.study_id is not None and self._handed + 1 < MOST_RUNS and not self._together
        line = json.dumps({"run": run.id, "attempt": run.attempt} | ({"again": True} if again else {})).encode() + b"\n"
        os.write(self._child.stdin.fileno(), line)
        if not again:
            self._child.stdin.close()
        self._handed += 1
        self.run, self.again, self.study_id = run, again, run.study_id

    def take_back(self) -> None:
        """Mark it as done: it may be given another run."""
        self.run, self.again = None, False

    def kill(self) -> None:
        """End it and everything it started, now."""
        kill_group(self.pid)

    def dismiss(self) -> None:
        """Let a worker without a run end by itself."""
        if self.run is None and self._child.stdin is not None:
            self._child.stdin.close()


def on_several(run: Run) -> bool:
    """Return whether several machines train the run together."""
    return int(run.spec["training"].get("machines", 1)) > 1


def kill_group(pid: int) -> None:
    """Kill a worker's process group; do nothing if it is gone already."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
