"""The workers that train one run together, as one of them knows them."""

import json
import secrets
import socket
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from typing import Any

from engine.settings import child_environment

LOST_CODE = 75
"""Exit code of the first worker when another one of its group is gone: the run continues from its last checkpoint."""
TOGETHER = "--together"
"""Tells a worker process to leave TensorFlow alone until it knows its group: later, it can join none."""
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Group:
    """Several workers. The one with index 0 leads: it alone reports, keeps files and evaluates. The others follow."""

    index: int
    addresses: tuple[str, ...]
    """Where TensorFlow listens in each of them, as HOST:PORT."""
    lead: str
    """Where the first one listens for the others, as HOST:PORT."""
    token: str
    """What a follower says first, so that nobody else is taken for one."""

    @property
    def count(self) -> int:
        """Number of workers."""
        return len(self.addresses)

    @classmethod
    def of(cls, hosts: Sequence[str], ports: Sequence[int], lead_port: int) -> list["Group"]:
        """Return what each worker of a new group has to know."""
        addresses = tuple(f"{host}:{port}" for host, port in zip(hosts, ports, strict=True))
        token = secrets.token_hex(16)
        return [cls(index, addresses, f"{hosts[0]}:{lead_port}", token) for index in range(len(addresses))]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "Group":
        """The inverse of `to_dict`."""
        return cls(**data | {"addresses": tuple(data["addresses"])})


def handing(run_id: int, attempt: int, group: Group) -> str:
    """Return the line that tells a worker process its run and its group."""
    return json.dumps({"run": run_id, "attempt": attempt, "group": group.to_dict()}) + "\n"


def gather_here(run_id: int, attempt: int, count: int) -> tuple[Group, list[subprocess.Popen[bytes]]]:
    """Start the followers of this process on this machine, and return what this process has to know of the group.

    They end with this process, which they notice at once.
    """
    first, *others = Group.of([LOOPBACK] * count, *_free_ports(count))
    return first, [_start(handing(run_id, attempt, other)) for other in others]


def _start(line: str) -> "subprocess.Popen[bytes]":
    child = subprocess.Popen(
        [sys.executable, "-m", "engine.worker", TOGETHER],
        env=child_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,  # its standard error is the log of the run
    )
    assert child.stdin is not None
    child.stdin.write(line.encode())
    child.stdin.close()
    return child


def _free_ports(count: int) -> tuple[list[int], int]:
    """Return a free port for each worker, and one for the first of them."""
    with ExitStack() as stack:
        ports = []
        for _ in range(count + 1):
            taken = stack.enter_context(socket.socket())
            taken.bind((LOOPBACK, 0))
            ports.append(int(taken.getsockname()[1]))
    return ports[:-1], ports[-1]
