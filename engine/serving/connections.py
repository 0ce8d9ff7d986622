"""HTTP over a Unix socket for many threads: each request takes an open connection, or opens one.

Python's own client: general ones cost a millisecond of processor time a request, as much as a prediction.
"""

import contextlib
import http.client
import socket
import time
from collections import deque
from pathlib import Path


class Refused(ConnectionError):  # noqa: N818  # nobody is there yet, or any more
    """Nobody listens, so nothing was sent."""


class Connections:
    """Open connections to one socket. Safe to share between threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._idle: deque[_Connection] = deque()
        self._closed = False

    def request(self, method: str, path: str, deadline: float, body: bytes = b"") -> tuple[int, bytes]:
        """Status and content of the answer.

        Raises `Refused` when nobody listens, `TimeoutError` when there is no answer until `deadline` (monotonic seconds)
        and another `OSError` or `http.client.HTTPException` when the connection breaks.
        """
        connection = self._open()
        try:
            connection.wait_until(deadline)
            connection.request(method, path, body)
            connection.wait_until(deadline)
            with connection.getresponse() as answer:
                found = answer.status, answer.read()
        except BaseException:
            connection.close()
            raise
        self._idle.append(connection)
        if self._closed:
            self.close()
        return found

    def close(self) -> None:
        """Close what is idle now, and what is in use as soon as it has its answer."""
        self._closed = True
        while self._idle:
            with contextlib.suppress(IndexError):  # another thread was faster
                self._idle.pop().close()

    def _open(self) -> "_Connection":
        """One that the other side has not closed."""
        while self._idle:
            with contextlib.suppress(IndexError):
                connection = self._idle.pop()
                if connection.alive():
                    return connection
                connection.close()
        return _Connection(self._path)


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("predictor")
        self._path = path
        self._seconds = 1.0

    def wait_until(self, deadline: float) -> None:
        """Let each of the next operations take until then."""
        self._seconds = max(0.01, deadline - time.monotonic())
        if self.sock is not None:
            self.sock.settimeout(self._seconds)

    def alive(self) -> bool:
        """Whether nothing has come since the last answer, not even an end."""
        self.sock.setblocking(False)
        try:
            self.sock.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

    def connect(self) -> None:
        """Instead of TCP."""
        opened = socket.socket(socket.AF_UNIX)
        opened.settimeout(self._seconds)
        try:
            opened.connect(str(self._path))
        except OSError as error:
            opened.close()
            raise Refused(str(error)) from error
        self.sock = opened
