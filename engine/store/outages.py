"""Databases that cannot be used for a while: one line in the log at growing intervals, and one when they are back."""

import logging
import threading
import time

logger = logging.getLogger(__name__)

_FIRST_SECONDS, _LONGEST_SECONDS = 10.0, 600.0


class Outage:
    """Messages of this process about one database: an outage is logged at growing intervals, its end once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._since: float | None = None
        self._said = False
        self._pause = _FIRST_SECONDS
        self._next = 0.0

    def note(self, problem: str) -> None:
        """Log that the database cannot be used, unless that was logged a short while ago."""
        with self._lock:
            now = time.monotonic()
            if self._since is None:
                self._since = now
            if now < self._next:
                return
            self._pause = min(2 * self._pause, _LONGEST_SECONDS) if now < self._next + self._pause else _FIRST_SECONDS
            self._next, self._said = now + self._pause, True
        logger.warning("%s It is tried again.", problem)

    def over(self) -> None:
        """Say that the database can be used again, if it was said that it cannot."""
        if self._since is None:
            return
        with self._lock:
            since, said = self._since, self._said
            self._since, self._said = None, False
        if since is not None and said:
            logger.warning("The database can be used again, after %.0f seconds.", time.monotonic() - since)


_outages: dict[str, Outage] = {}


def outage_of(url: str) -> Outage:
    """Return what is known of the database at `url`, whether it is open or could not be opened."""
    return _outages.setdefault(url, Outage())
