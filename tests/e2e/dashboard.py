"""A separate dashboard for a test or a screenshot: the real program on a free port, with an empty home."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path

import psutil

from engine.errors import TrainyardError
from engine.processes import is_alive
from engine.runs import Run, RunState
from engine.store import Store

ROOT = Path(__file__).resolve().parents[2]


class Dashboard:
    """`streamlit run app.py` as `make run` starts it. What it starts in turn ends with `close`."""

    script = "app.py"

    def __init__(self, home: Path, root: Path = ROOT, **environment: str) -> None:
        self.home = home
        self.root = root
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._environment = os.environ | {"TRAINYARD_HOME": str(home)} | environment
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Process id of the running dashboard."""
        assert self._process is not None
        return self._process.pid

    @property
    def log(self) -> Path:
        """Output of the dashboard, over all its starts."""
        return self.home / "logs" / "dashboard.log"

    def set(self, **environment: str) -> None:
        """Set variables of the next start."""
        self._environment |= environment

    def start(self, timeout_seconds: float = 60.0) -> None:
        """Start it and wait until it answers."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "streamlit", "run", self.script, f"--server.port={self.port}"],
                cwd=self.root,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        until = time.monotonic() + timeout_seconds
        while not self.answers():
            if self._process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"The dashboard did not start:\n{self.log.read_text()[-4000:]}")
            time.sleep(0.1)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End the dashboard alone: executor and workers go on, as for a person who restarts it."""
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(30)
            self._process = None

    def completed(self, run_id: int, timeout_seconds: float = 120.0) -> Run:
        """The run once it has completed."""
        until = time.monotonic() + timeout_seconds
        while (run := self.store().runs.get(run_id)).state is not RunState.COMPLETED:
            assert run.live, run.message
            assert time.monotonic() < until, f"Run {run_id} is still {run.state} in epoch {run.epoch}."
            time.sleep(0.2)
        return run

    def store(self) -> Store:
        """The store that the dashboard uses."""
        return Store(f"sqlite:///{self.home / 'trainyard.db'}")

    def close(self) -> None:
        """End the dashboard, its executor and all workers."""
        self.stop()
        store = self.store()
        for run in store.runs.list(states=[RunState.QUEUED, RunState.RUNNING]):
            with suppress(TrainyardError):  # it may end by itself meanwhile
                store.runs.request_end(run.id, RunState.CANCELED)
        described = [worker for _, worker in store.attempts.workers()]
        executor = store.leases.get()
        if executor is not None:
            described.append(executor.info)
        processes = [psutil.Process(int(d["pid"])) for d in described if is_alive(d)]
        for process in processes:
            process.terminate()
        _, slow = psutil.wait_procs(processes, timeout=10)
        for process in slow:
            process.kill()

    def answers(self) -> bool:
        """Return whether it answers."""
        try:
            with urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=2) as answer:
                return answer.status == 200
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False


def find_chromium() -> str | None:
    """Path of a Chromium on this machine: TRAINYARD_CHROMIUM, or the first one on the PATH."""
    named = os.environ.get("TRAINYARD_CHROMIUM")
    return named or next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


CHROMIUM_ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
"""Flags of Chromium in a container, run by root, without a graphics card."""
PRETENDED_DEVICES = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
"""A camera that shows a moving disc and a microphone that beeps unless `voice` lets it speak, allowed without asking."""


def free_port() -> int:
    """Return a port of this machine that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
