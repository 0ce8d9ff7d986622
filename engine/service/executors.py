"""The executor of this machine: whether it lives, what it does, and starting one."""

from dataclasses import replace

from engine.access import ADMINISTRATION, Action, Actor, check, reach
from engine.service.audited import audited
from engine.service.opened import store
from engine.service.runs import get_many
from engine.store import Lease

HIDDEN = "…"
"""Stands in a slot for a run that the actor may not look at."""


def start(actor: Actor) -> bool:
    """Start an executor process unless one is alive; return whether one was started."""
    from engine.executor.launch import ensure_executor

    check(actor, Action.CREATE, "runs")
    return ensure_executor(store())


@audited(detail="{on}")
def drain(actor: Actor, on: bool) -> None:
    """Begin or end drain mode on this machine: what trains goes on, and nothing new is begun."""
    from engine.executor.drain import drain as set_mode

    check(actor, Action.CHANGE, ADMINISTRATION)
    set_mode(on)


def draining(actor: Actor) -> bool:
    """Return whether this machine is in drain mode."""
    from engine.executor.drain import draining as in_drain_mode

    check(actor, Action.LOOK, "the executor")
    return in_drain_mode()


def get(actor: Actor) -> Lease | None:
    """Return who claims queued runs, or None where nobody does. Runs that the actor may not look at are not named."""
    check(actor, Action.LOOK, "the executor")
    lease = store().leases.get()
    if lease is None or reach(actor, Action.LOOK).everything:
        return lease
    slots = lease.info.get("slots", [])
    seen = {run.id for run in get_many(actor, [slot["run"] for slot in slots if slot.get("run")])}
    shown = [slot if slot.get("run") in seen else slot | {"run": HIDDEN if slot.get("run") else None} for slot in slots]
    return replace(lease, info=lease.info | {"slots": shown})


def count_running(actor: Actor) -> int:
    """Return how many runs train now."""
    check(actor, Action.LOOK, "the executor")
    return len(store().attempts.workers())
