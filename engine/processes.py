"""Telling processes apart: a pid alone may have been reused."""

import os
import resource
import socket
import threading
from typing import Any

import psutil

LEAVING = threading.Event()
"""Set once this process, a worker, was told to leave: it writes a checkpoint, and its run goes back to the queue."""


def describe_process(pid: int | None = None) -> dict[str, Any]:
    """Return `pid`, start time and host of a process (this one by default)."""
    process = psutil.Process(pid)
    return {"pid": process.pid, "started": process.create_time(), "host": socket.gethostname()}


def is_alive(described: dict[str, Any]) -> bool | None:
    """Return whether the described process still runs; None when it is on another host or was never described."""
    if not described or described.get("host") != socket.gethostname():
        return None
    try:
        process = psutil.Process(int(described["pid"]))
        same = abs(process.create_time() - float(described["started"])) < 1
        return same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def bound_memory(limit_mb: int) -> None:
    """Bound what this process may take beside what it has mapped already; 0: no limit."""
    if limit_mb:
        total = psutil.Process().memory_info().vms + limit_mb * 1_000_000
        resource.setrlimit(resource.RLIMIT_AS, (total, total))


def this_process() -> str:
    """Return a text that identifies this process across hosts and time."""
    me = describe_process()
    return f"{me['host']}:{os.getpid()}:{me['started']:.2f}"
