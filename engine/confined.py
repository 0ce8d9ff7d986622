"""`python -m engine.confined MODULE ...`: run a module that decodes files of strangers, without network and core dumps.

A fault in a decoder then cannot send anything anywhere: on Linux the process gets a network of its own, in which there is
nothing, before any thread starts. Unix sockets are files and go on working. Where the system forbids it, as Docker does
by default for other users than root, a line in the log says so.
"""

import ctypes
import logging
import os
import resource
import runpy
import sys
from pathlib import Path

from engine.settings import settings

_NO_NEW_PRIVILEGES = 38  # of <sys/prctl.h>
_NEW_USER, _NEW_NETWORK = 0x10000000, 0x40000000  # of <sched.h>; os.unshare is for Python 3.12
_MOST_OPEN_FILES = 1_024
logger = logging.getLogger(__name__)


def confine() -> str:
    """Give up what decoding does not need. Return why there still is a network, empty where there is none."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a dump would have the file of somebody in it
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = _MOST_OPEN_FILES if most == resource.RLIM_INFINITY else min(_MOST_OPEN_FILES, most)
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, allowed))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(
            _NO_NEW_PRIVILEGES, 1, 0, 0, 0
        )  # no program that it starts gets more rights than it has
    if not settings().url.startswith("sqlite"):
        return "the database is asked over it"
    if settings().artifacts:
        return "models are fetched over it"
    return _leave_network()


def _leave_network() -> str:
    if sys.platform != "linux":
        return f"{sys.platform} has no network namespaces"
    library = ctypes.CDLL(None, use_errno=True)
    if library.unshare(_NEW_NETWORK) == 0:
        return ""
    user, group = os.getuid(), os.getgid()
    if library.unshare(_NEW_USER | _NEW_NETWORK) != 0:
        return os.strerror(ctypes.get_errno())
    for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        Path(f"/proc/self/{name}").write_text(text)
    return ""


def main() -> None:
    """Run the module that the first argument names, with the others as its own."""
    reason = confine()
    if reason:
        logger.warning("Files are decoded in a process that has a network: %s.", reason)
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
