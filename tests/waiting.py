"""Waiting for what other processes and threads do: as long as a busy machine needs, and a failure says for what."""

import time
from collections.abc import Callable

PATIENCE_SECONDS = 120.0
"""The longest wait for anything that happens within a second on an idle machine."""


def wait_until(condition: Callable[[], object], awaited: str, seconds: float = PATIENCE_SECONDS) -> float:
    """Wait until `condition` holds and return the seconds it took; fail with what was `awaited`."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, f"not within {seconds:g} s: {awaited}"
        time.sleep(0.02)
    return time.monotonic() - began
