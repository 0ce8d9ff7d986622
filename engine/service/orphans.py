"""Runs whose process is gone while no executor is running: the next reader ends them, or queues them again."""

import threading
import time

from engine.executor.endings import TERMINAL, conclude, explain_exit
from engine.processes import is_alive
from engine.store import Store

_PAUSE_SECONDS = 1.0
_lock = threading.Lock()
_looked: dict[str, float] = {}


def settle(store: Store) -> bool:
    """Look, at most once a second, for running runs whose process is gone; return whether there were any.

    A run that an executor handed out is left to it for as long as it lives.
    """
    if not _turn(store.url):
        return False
    gone = [run for run, worker in store.attempts.workers() if is_alive(worker) is False]
    if any(run.slot != TERMINAL for run in gone) and (lease := store.leases.get()) is not None:
        watched = lease.alive and is_alive(lease.info) is not False
        gone = [run for run in gone if run.slot == TERMINAL or not watched]
    for run in gone:
        conclude(store, run, explain_exit(None), innocent=run.slot != TERMINAL)
    return bool(gone)


def _turn(url: str) -> bool:
    """Return whether it is time to look again."""
    with _lock:
        now = time.monotonic()
        if now - _looked.get(url, -_PAUSE_SECONDS) < _PAUSE_SECONDS:
            return False
        _looked[url] = now
        return True
