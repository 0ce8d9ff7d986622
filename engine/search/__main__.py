"""The process that drives studies: `python -m engine.search`. The executor starts it; it exits when no study is live."""

import logging
import signal
import sys
import time
from types import FrameType

from engine.logs import set_up_logs
from engine.processes import describe_process, this_process
from engine.search.driver import Driver
from engine.store import SEARCH_LEASE, Store, StoreUnavailable, open_store

logger = logging.getLogger("engine.search")

_TICK_SECONDS = 0.05  # a slot stays idle until the driver notices that a trial has ended
_REST, _LONGEST_REST_SECONDS = 4, 0.5  # times as long as the tick took: with ten thousand trials a tick takes a while
_RENEW_SECONDS = 1.0
_IDLE_SECONDS = 5.0


def main() -> int:
    """Hold the lease and drive studies until none is live or another process takes over."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    set_up_logs("search")
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is meant for the process that waits in the same terminal
    signal.signal(signal.SIGTERM, _leave)
    store = open_store()
    holder = this_process()
    try:
        if _hold_lease(store, holder):
            _drive(store, holder)
    finally:
        store.leases.release(holder, SEARCH_LEASE)
        store.close()
    return 0


def _drive(store: Store, holder: str) -> None:
    driver = Driver(store)
    renewed = wanted = time.monotonic()
    while time.monotonic() - wanted < _IDLE_SECONDS:
        began = time.monotonic()
        try:
            if time.monotonic() - renewed >= _RENEW_SECONDS:
                if not _hold_lease(store, holder):
                    logger.warning("Another process drives the studies; leaving.")
                    break
                renewed = time.monotonic()
            if driver.tick():
                wanted = time.monotonic()
        except StoreUnavailable:  # a full disk, a database that restarts, which the log tells: it may work again
            wanted = time.monotonic()
            time.sleep(_RENEW_SECONDS)
        time.sleep(max(_TICK_SECONDS, min(_REST * (time.monotonic() - began), _LONGEST_REST_SECONDS)))
    driver.close()


def _hold_lease(store: Store, holder: str) -> bool:
    return store.leases.hold(holder, describe_process(), SEARCH_LEASE)


def _leave(number: int, frame: FrameType | None) -> None:
    sys.exit(0)


if __name__ == "__main__":
    sys.exit(main())
