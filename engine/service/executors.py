"""The executor of this machine: whether it lives, what it does, and starting one."""

from dataclasses import replace

from engine.access import Action, Actor, check, reach
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
