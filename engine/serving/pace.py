"""How long a request would wait for the predictor, from how many are open and how long answers take."""

import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from engine.sentences import Sentence
from engine.serving.turns import Busy
from engine.settings import settings

_NEWEST = 0.2  # weight of the newest answer in the mean


class Crowded(Busy):
    """Whoever comes now would wait for too long."""

    def __init__(self, seconds: float) -> None:
        super().__init__(
            Sentence(
                "Many people ask at this moment: the estimated wait is {seconds:.0f} seconds. Try again later.",
                seconds=seconds,
            )
        )
        self.wait_seconds = math.ceil(seconds)


@dataclass
class Turn:
    """One request that waits for an answer."""

    began: float = field(default_factory=time.monotonic)

    def begin(self) -> None:
        """Count from now: what came before was a process that started, which says nothing about how long answers take."""
        self.began = time.monotonic()


class Pace:
    """Requests that are open, and the mean time that each adds. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open = 0
        self._each_seconds = 0.0

    @property
    def open(self) -> int:
        """Number of requests that wait or are served now."""
        return self._open

    @property
    def wait_seconds(self) -> float:
        """The estimated wait of a request that would come now."""
        return self._open * self._each_seconds

    @contextmanager
    def turn(self) -> Iterator[Turn]:
        """Wait and be served within the block. Raises `Crowded` where the wait would be longer than the setting says."""
        longest, wait = settings().longest_wait_seconds, self.wait_seconds
        if longest and wait > longest:
            raise Crowded(wait)
        with self._lock:
            ahead = self._open
            self._open += 1
        turn, refused = Turn(), False
        try:
            yield turn
        except Busy:  # at once, which says nothing either
            refused = True
            raise
        finally:
            with self._lock:
                self._open -= 1
                if not refused:
                    self.note((time.monotonic() - turn.began) / (ahead + 1))

    def note(self, seconds: float) -> None:
        """Count the time that one request has added."""
        self._each_seconds += _NEWEST * (seconds - self._each_seconds)
