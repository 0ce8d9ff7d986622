"""HTTP over a Unix socket for many threads: each request takes an open connection, or opens one.

Python's own client: general ones cost a millisecond of processor time a request, as much as a prediction.
"""

import contextlib
import http.client
import socket
import time
from collections import deque
from collections.abc import Callable
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
        with self.lines(method, path, deadline, body) as answer:
            return answer.status, answer.rest()

    def lines(self, method: str, path: str, deadline: float, body: bytes = b"") -> "Lines":
        """Return the answer as soon as its status has come, to be read line by line. Raises as `request`."""
        connection = self._open()
        try:
            connection.wait_until(deadline)
            connection.request(method, path, body)
            connection.wait_until(deadline)
            return Lines(connection, connection.getresponse(), deadline, self._keep)
        except BaseException:
            connection.close()
            raise

    def _keep(self, connection: "_Connection") -> None:
        self._idle.append(connection)
        if self._closed:
            self.close()

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


class Lines:
    """An answer that comes line by line. To be closed; any thread may do so, and ends the work at the other side."""

    def __init__(
        self,
        connection: "_Connection",
        answer: http.client.HTTPResponse,
        deadline: float,
        keep: Callable[["_Connection"], None],
    ) -> None:
        self._connection, self._answer, self._deadline, self._keep = connection, answer, deadline, keep
        self._open = True

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self._answer.status

    def next(self) -> bytes:
        """Wait for the next line. Empty at the end, which an empty line announces: Python's client does not report a
        broken stream.

        Raises as `Connections.request`, unless it was closed meanwhile: that is an end, too.
        """
        try:
            return self._next()
        except (OSError, ValueError, AttributeError, http.client.HTTPException):
            if self._open:
                raise
            return b""

    def _next(self) -> bytes:
        self._connection.wait_until(self._deadline)
        line = self._answer.readline()
        if not line.endswith(b"\n"):
            raise http.client.IncompleteRead(line)
        if line == b"\n":
            self._answer.read()
        return line[:-1]

    def rest(self) -> bytes:
        """Wait for all that is still to come."""
        return self._answer.read()

    def close(self) -> None:
        """Keep the connection when all has been read, else break it."""
        if not self._open:
            return
        self._open = False
        if self._answer.isclosed():
            self._keep(self._connection)
        else:
            self._connection.abort()

    def __enter__(self) -> "Lines":
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()


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

    def abort(self) -> None:
        """Close it, also while another thread waits for it to say something."""
        if self.sock is not None:
            with contextlib.suppress(OSError):
                self.sock.shutdown(socket.SHUT_RDWR)
        self.close()

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
