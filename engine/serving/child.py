"""One predictor process, as the dashboard holds it: started, asked, and ended with its parent. No Keras here."""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.client import HTTPException
from pathlib import Path
from typing import Any

from engine.errors import TrainyardError
from engine.sentences import Sentence
from engine.serving.connections import Connections, Refused
from engine.serving.turns import late
from engine.settings import child_environment, settings

BROKEN = (OSError, HTTPException)
_ROOT = Path(__file__).resolve().parents[2]
_MAX_LOG_BYTES = 5_000_000


class Unavailable(TrainyardError):  # noqa: N818  # not the fault of who asks
    """There is no predictor that could answer, or it broke over the answer."""


class NotReady(Unavailable):
    """The predictor is still warming up."""


@contextmanager
def told(child: "Child") -> Iterator[None]:
    """Say in a sentence what breaks a connection."""
    try:
        yield
    except Refused:
        raise
    except TimeoutError as error:
        raise late(settings().predict_timeout_seconds) from error
    except BROKEN as error:
        raise Unavailable(
            "The predictor ended while working on this request; {reason} The next request starts it again.",
            reason=child.reason(),
        ) from error


class Child:
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
                    env=child_environment(CUDA_VISIBLE_DEVICES="-1", TF_CPP_MIN_LOG_LEVEL="2"),
                )
        except OSError as error:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise Unavailable(
                "The predictor cannot be started: {error}. Make sure that {parent} is writable.",
                error=error,
                parent=self.log.parent,
            ) from error
        self._connections = Connections(self._socket)
        self.send, self.lines = self._connections.request, self._connections.lines
        self.answered = False

    def answers(self) -> bool:
        """Whether the warm-up is over. Raises `TrainyardError` when it ended in a failure."""
        if not self.answered:
            if self.process.poll() is not None:
                raise Unavailable("The predictor could not start; {reason}", reason=self.reason())
            self.answered = self._is_healthy()
        return self.answered

    def _is_healthy(self) -> bool:
        try:
            return self.send("GET", "/health", time.monotonic() + 1)[0] == HTTPStatus.OK
        except BROKEN:  # still warming up, or just ending
            return False

    def reason(self) -> Sentence:
        """Why it ended, as far as can be told, and where to read more."""
        try:
            code = self.process.wait(timeout=1)  # the connection breaks a moment before the process is gone
        except subprocess.TimeoutExpired:
            return Sentence("see {log}.", log=self.log)
        if code == -9:
            return Sentence("it was killed, perhaps because memory ran out; see {log}.", log=self.log)
        return Sentence("its exit code was {code}; see {log}.", code=code, log=self.log)

    def close(self) -> None:
        """End the process, if it has not ended, and clean up."""
        self._connections.close()
        assert self.process.stdin is not None
        self.process.stdin.close()
        try:
            self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)


def _open_log(path: Path) -> Any:
    """Append to the log; the last one is kept beside it when it has grown long."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_file() and path.stat().st_size > _MAX_LOG_BYTES:
        path.replace(path.with_suffix(".old.log"))
    return path.open("ab")
