"""The dashboard's side of the predictor: starts the warm process when it is first needed and asks it. No Keras here."""

import base64
import json
import logging
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx

from engine.errors import TrainyardError
from engine.serving.answers import Layer, NetworkPicture, PredictResult
from engine.serving.turns import late
from engine.settings import settings

__all__ = ["Layer", "NetworkPicture", "NotReady", "PredictResult", "Predictor"]

logger = logging.getLogger(__name__)
COMMAND = (sys.executable, "-m", "engine.serving.predictor")
_ROOT = Path(__file__).resolve().parents[2]
_MAX_STARTS, _STARTS_SECONDS = 3, 60.0  # a process that dies at once is not started for ever
_PORTION_BYTES = 1 << 20
_MAX_LOG_BYTES = 5_000_000


class NotReady(TrainyardError):  # noqa: N818  # not a fault: it takes some seconds
    """The predictor is still warming up."""


class Predictor:
    """A handle to one warm process, which ends with this one. Safe to share between threads.

    The process starts with the first call and again when it has died. Calls wait for it, but none waits longer than
    `predict_timeout_seconds`; a page that does not want to wait asks `ready` first. All raise `TrainyardError`.
    """

    def __init__(self, command: Sequence[str] = COMMAND) -> None:
        self._command = tuple(command)
        self._lock = threading.Lock()
        self._child: _Child | None = None
        self._starts: deque[float] = deque(maxlen=_MAX_STARTS)

    def ready(self) -> bool:
        """Whether it would answer now. Never waits; starts the process if there is none."""
        return self._running().answers()

    def describe(self, values: dict[str, Any]) -> NetworkPicture:
        """The layers that `values` (as `RunSpec.build` takes them) make."""
        return NetworkPicture.from_dict(self._ask("describe", {"values": values}))

    def preview(self, values: dict[str, Any], count: int = 8) -> list[tuple[bytes, list[bytes]]]:
        """Training examples as PNG, each with some augmented variants; none where no augmentation is on."""
        rows = self._ask("preview", {"values": values, "count": count})
        return [
            (base64.b64decode(original), [base64.b64decode(variant) for variant in variants])
            for original, variants in rows
        ]

    def predict(self, run_id: int, files: Sequence[tuple[str, bytes]]) -> list[PredictResult]:
        """What the model of a run says about each file (name, content); a broken file gets its own sentence.

        With no files it only loads the model, so that the first answer comes soon.
        """
        size, limit = sum(len(data) for _, data in files), settings().max_upload_mb
        if size > limit * 1_000_000:
            raise TrainyardError(
                f"The files have {size / 1e6:,.0f} MB together; one request may have {limit} MB "
                "(TRAINYARD_MAX_UPLOAD_MB). Send them in portions."
            )
        encoded = [(name, base64.b64encode(data).decode()) for name, data in files]
        found = self._ask("predict", {"run": run_id, "files": encoded})
        return [PredictResult.from_dict(result) for result in found]

    def close(self) -> None:
        """End the process. The next call would start a new one."""
        with self._lock:
            child, self._child = self._child, None
        if child is not None:
            child.close()

    def _ask(self, name: str, body: dict[str, Any]) -> Any:
        limit = settings().predict_timeout_seconds
        deadline = time.monotonic() + limit
        encoded = json.dumps(body).encode()
        child = self._running()
        while time.monotonic() < deadline:
            try:
                if child.answers():
                    return _content(child.send("POST", f"/{name}", deadline, encoded))
            except httpx.ConnectError:  # it is just ending; nothing was sent, so its successor can be asked
                child = self._running()
            except httpx.TimeoutException as error:
                raise late(limit) from error
            except httpx.TransportError as error:
                raise TrainyardError(
                    f"The predictor ended while it worked on this; {child.reason()} The next request starts it again."
                ) from error
            time.sleep(0.05)
        if child.answered:
            raise late(limit)
        raise NotReady("The predictor is still starting. Try again in a few seconds.")

    def _running(self) -> "_Child":
        """The living child; started if there is none, but not again and again."""
        with self._lock:
            if self._child is not None and self._child.process.poll() is None:
                return self._child
            reason = ""
            if self._child is not None:
                reason = self._child.reason()
                logger.warning("The predictor is gone: %s", reason)
                self._child.close()
                self._child = None
            now = time.monotonic()
            if len(self._starts) == _MAX_STARTS and now - self._starts[0] < _STARTS_SECONDS:
                raise TrainyardError(
                    f"The predictor ended {_MAX_STARTS} times within a minute and is left alone for a while; {reason}"
                )
            self._starts.append(now)
            self._child = _Child(self._command)
            return self._child


class _Child:
    """One predictor process: its socket lies in a folder of mode 0700, its stdin is the rope it hangs on."""

    def __init__(self, command: tuple[str, ...]) -> None:
        self.log = settings().home_path / "logs" / "predictor.log"
        self._folder = Path(tempfile.mkdtemp(prefix="trainyard-"))
        self._socket = self._folder / "predictor"
        try:
            with _open_log(self.log) as log:
                self.process = subprocess.Popen(
                    [*command, "--socket", str(self._socket)],
                    stdin=subprocess.PIPE,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,  # Ctrl-C in the terminal is for the dashboard
                    cwd=_ROOT,
                    env=os.environ | {"CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "2"},
                )
        except OSError as error:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise TrainyardError(
                f"The predictor cannot be started: {error}. Make sure that {self.log.parent} can be written."
            ) from error
        self._http = httpx.Client(
            transport=httpx.HTTPTransport(uds=str(self._socket)), base_url="http://predictor", trust_env=False
        )
        self.answered = False

    def answers(self) -> bool:
        """Whether the warm-up is over. Raises `TrainyardError` when it ended in a failure."""
        if not self.answered:
            if self.process.poll() is not None:
                raise TrainyardError(f"The predictor could not start; {self.reason()}")
            self.answered = self._is_healthy()
        return self.answered

    def _is_healthy(self) -> bool:
        try:
            return self.send("GET", "/health", time.monotonic() + 1).is_success
        except httpx.TransportError:  # still warming up, or just ending
            return False

    def send(self, method: str, path: str, deadline: float, body: bytes = b"") -> httpx.Response:
        """One request. Raises `httpx.TransportError` when nobody answers until `deadline` (monotonic seconds)."""
        self._knock()
        try:
            return self._http.request(
                method,
                path,
                content=_portions(body, deadline),
                headers={"content-length": str(len(body))},
                timeout=max(0.01, deadline - time.monotonic()),
            )
        except RuntimeError as error:  # another thread has found it dead and closed the connections
            raise httpx.ConnectError("The connection is closed.") from error

    def _knock(self) -> None:
        """Connect and leave: httpx would leave the socket of a refused connection open."""
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(1.0)
            try:
                probe.connect(str(self._socket))
            except OSError as error:
                raise httpx.ConnectError(str(error)) from error

    def reason(self) -> str:
        """Why it ended, as far as can be told, and where to read more."""
        try:
            code = self.process.wait(timeout=1)  # the connection breaks a moment before the process is gone
        except subprocess.TimeoutExpired:
            return f"see {self.log}."
        why = "it was killed, perhaps for want of memory" if code == -9 else f"its exit code was {code}"
        return f"{why}; see {self.log}."

    def close(self) -> None:
        """End the process, if it has not ended, and clean up."""
        self._http.close()
        assert self.process.stdin is not None
        self.process.stdin.close()
        try:
            self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)


def _portions(body: bytes, deadline: float) -> Iterator[bytes]:
    """The body in pieces: httpx copies what is left of a piece for every packet, and its time limit is a packet's."""
    for start in range(0, len(body), _PORTION_BYTES):
        if time.monotonic() > deadline:
            raise httpx.WriteTimeout("The upload took too long.")
        yield body[start : start + _PORTION_BYTES]


def _content(answer: httpx.Response) -> Any:
    found = answer.json()
    if answer.is_error:
        raise TrainyardError(found["error"])
    return found


def _open_log(path: Path) -> Any:
    """Append to the log; the last one is kept beside it when it has grown long."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_file() and path.stat().st_size > _MAX_LOG_BYTES:
        path.replace(path.with_suffix(".old.log"))
    return path.open("ab")
