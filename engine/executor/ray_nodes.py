"""The nodes of a Ray cluster: what runs need of them, and which have room."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.runs import EVALUATING, Run
from engine.settings import settings


@dataclass(frozen=True)
class Need:
    """What a run takes of one node."""

    cpus: float
    gpus: int

    def fits(self, free: "Need") -> bool:
        """Whether a node with so much `free` has room for it."""
        return self.cpus <= free.cpus and self.gpus <= free.gpus


@dataclass
class Node:
    """A living node of the cluster: all of its resources, and what is not given to runs."""

    id: str
    name: str
    total: Need
    free: Need
    address: str = ""
    """Where other nodes reach it."""

    def give(self, need: Need) -> None:
        """Take a run's need away from what is free."""
        self.free = Need(self.free.cpus - need.cpus, self.free.gpus - need.gpus)


def need_of(run: Run, nodes: list[Node]) -> Need:
    """Return what a run takes of one of these nodes: GPUs if it asks for them, or where there are any."""
    training = run.spec["training"]
    without = training["device"] == "auto" and not any(node.total.gpus for node in nodes)
    return Need(
        settings().ray_cpus_per_run, 0 if without or training["device"] == "cpu" else int(training.get("devices", 1))
    )


def machines_of(run: Run) -> int:
    """Return how many nodes a run takes at once; one where only its evaluation is left."""
    return 1 if run.phase == EVALUATING else int(run.spec["training"].get("machines", 1))


def pick(nodes: Sequence[Node], need: Need, count: int) -> list[Node]:
    """Return `count` nodes with room for a run, or none: it takes nothing until all of them have."""
    found = [node for node in nodes if need.fits(node.free)][:count]
    return found if len(found) == count else []


def node_of(known: dict[str, Any]) -> Node:
    """Return a node as Ray describes it."""
    total = Need(float(known["Resources"].get("CPU", 0)), int(known["Resources"].get("GPU", 0)))
    return Node(known["NodeID"], known["NodeManagerHostname"], total, total, known["NodeManagerAddress"])
