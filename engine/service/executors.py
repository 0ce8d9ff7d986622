"""The executor of this machine: whether it lives, what it does, and starting one."""

from engine.access import Action, Actor, check
from engine.service.opened import store
from engine.store import Lease


def start(actor: Actor) -> bool:
    """Start an executor process unless one is alive; return whether one was started."""
    from engine.executor.launch import ensure_executor

    check(actor, Action.CREATE, "runs")
    return ensure_executor(store())


def get(actor: Actor) -> Lease | None:
    """Return who claims queued runs, or None where nobody does."""
    check(actor, Action.LOOK, "the executor")
    return store().leases.get()


def count_running(actor: Actor) -> int:
    """Return how many runs train now."""
    check(actor, Action.LOOK, "the executor")
    return len(store().attempts.workers())
