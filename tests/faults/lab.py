"""An installation with a real executor and real workers, whose processes tests may kill."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from engine.artifacts import Artifacts, artifacts_of
from engine.processes import is_alive
from engine.runs import Run, RunSpec, RunState
from engine.settings import settings
from engine.store import open_store
from tests.waiting import PATIENCE_SECONDS, wait_until

LONG: dict[str, Any] = {
    "dataset": "digits", "model": "mlp", "units": 64, "epochs": 12, "batch_size": 8, "patience": 0,
    "dropout": 0.3, "flip": "horizontal", "contrast": 0.3, "deterministic": True,
}  # fmt: skip
"""Some seconds of training with everything that draws random numbers: 172 steps an epoch."""
SHORT: dict[str, Any] = LONG | {"epochs": 1, "batch_size": 64}
ROOT = Path(__file__).resolve().parents[2]


class Lab:
    """Starts executors in one home folder, and ends all that it started."""

    def __init__(self) -> None:
        self.store = open_store()
        self.executors: list[subprocess.Popen[bytes]] = []
        settings().home_path.mkdir(parents=True, exist_ok=True)
        self.log = (settings().home_path / "executor.log").open("ab")

    def spawn_executor(self) -> subprocess.Popen[bytes]:
        """Start one."""
        child = subprocess.Popen(
            [sys.executable, "-m", "engine", "executor"],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stderr=self.log,
            start_new_session=True,
        )
        self.executors.append(child)
        return child

    def start_executor(self) -> subprocess.Popen[bytes]:
        """Start one and wait until it holds the lease."""
        child = self.spawn_executor()
        self.until(
            lambda: (known := self.store.leases.get()) is not None and known.info.get("pid") == child.pid,
            awaited="the lease of the executor",
        )
        return child

    def submit(self, **values: Any) -> Run:
        """Queue a run."""
        return self.store.runs.create(RunSpec.build(values), "ada")

    def get(self, run: Run) -> Run:
        """The run as it is now."""
        return self.store.runs.get(run.id)

    def until(
        self, condition: Callable[[], object], seconds: float = PATIENCE_SECONDS, awaited: str = "what the test awaits"
    ) -> float:
        """Wait for `condition`; seconds it took."""
        return wait_until(condition, awaited, seconds)

    def until_step(self, run: Run, step: int) -> Run:
        """Wait until `step` updates are done."""
        self.until(lambda: (now := self.get(run)).step >= step or not now.live, awaited=f"step {step} of run {run.id}")
        now = self.get(run)
        assert now.state is RunState.RUNNING, f"too late, or broken: {now.state} {now.message}"
        return now

    def until_ended(self, run: Run) -> Run:
        """Wait until the run is in a final state."""
        self.until(lambda: not self.get(run).live, awaited=f"the end of run {run.id}")
        return self.get(run)

    def worker(self, run: Run) -> psutil.Process:
        """The process that trains a running run."""
        (described,) = [worker for known, worker in self.store.attempts.workers() if known.id == run.id]
        assert is_alive(described)
        return psutil.Process(described["pid"])

    def standby(self) -> psutil.Process:
        """The worker that waits for a run."""
        children: list[psutil.Process] = []

        def alone() -> bool:
            children[:] = psutil.Process(self.executors[-1].pid).children()
            return self.standby_state() == "ready" and not self.store.attempts.workers() and len(children) == 1

        self.until(alone)
        return children[0]

    def standby_state(self) -> str:
        """As the executor reports it."""
        known = self.store.leases.get()
        return str(known.info["standby"]["state"]) if known else "off"

    def files(self, run: Run) -> Artifacts:
        """The files of a run."""
        return artifacts_of(run.id)

    def close(self) -> None:
        """End every executor, and every worker and driver of studies that works in this home folder."""
        for child in self.executors:
            if child.poll() is None:
                child.send_signal(signal.SIGCONT)
                child.kill()
            child.wait()
        for process in psutil.process_iter():
            try:
                home = process.environ().get("TRAINYARD_HOME")
                if home == os.environ["TRAINYARD_HOME"] and {"engine.worker", "engine.search"} & {*process.cmdline()}:
                    process.kill()
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
        self.store.close()
        self.log.close()
