"""Run by `engine.confined` in a test: say what this process can do."""

import json
import os
import resource
import socket
import sys

from engine.processes import bound_memory


def reaches(port: int) -> bool:
    """Return whether something on this machine answers."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=2).close()
    except OSError:
        return False
    return True


def allocates(size_mb: int) -> bool:
    """Return whether so much memory can be had."""
    try:
        return bool(bytearray(size_mb * 1_000_000))
    except MemoryError:
        return False


if __name__ == "__main__":
    bound_memory(200)
    found = {
        "network": reaches(int(sys.argv[1])),
        "core": resource.getrlimit(resource.RLIMIT_CORE)[0],
        "little": allocates(20),
        "much": allocates(400),
        "user": os.getuid(),
    }
    print(json.dumps(found))
