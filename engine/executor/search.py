"""The process that drives studies, as its executor sees it."""

import logging
import subprocess
import sys
import time

from engine.executor.process import ROOT
from engine.processes import is_alive
from engine.settings import settings
from engine.store import SEARCH_LEASE, Store

logger = logging.getLogger(__name__)

_PAUSE_SECONDS = 5.0  # one that cannot even start must not be restarted all the time


class SearchProcess:
    """Starts the process whenever a live study has no driver; the process exits by itself, and outlives its executor."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._child: subprocess.Popen[bytes] | None = None
        self._not_before = 0.0

    def ensure(self) -> None:
        """Start it, unless it is alive or starting. If two are started at once, the lease decides."""
        on_its_way = self._child is not None and self._child.poll() is None
        if on_its_way or time.monotonic() < self._not_before:
            return
        known = self._store.leases.get(SEARCH_LEASE)
        if known is not None and known.alive and is_alive(known.info) is not False:
            return
        self._not_before = time.monotonic() + _PAUSE_SECONDS
        log = settings().home_path / "logs" / "search.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            self._child = subprocess.Popen(
                [sys.executable, "-m", "engine.search"],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        logger.info("Process %s drives the studies.", self._child.pid)
