"""The audit log, as admins read it."""

from engine.access import ADMINISTRATION, Action, Actor, check
from engine.audit.entries import Entry, Wanted
from engine.service.opened import store

SHOWN = 500
"""Entries that a page shows at most; an export has all."""


def entries(actor: Actor, wanted: Wanted, limit: int = SHOWN) -> list[Entry]:
    """Return the newest entries that are wanted, the newest first."""
    check(actor, Action.LOOK, ADMINISTRATION)
    return store().audit.list(wanted, limit)


def count(actor: Actor, wanted: Wanted) -> int:
    """Return how many entries are wanted."""
    check(actor, Action.LOOK, ADMINISTRATION)
    return store().audit.count(wanted)


def actions(actor: Actor) -> list[str]:
    """Return the actions of which there are entries."""
    check(actor, Action.LOOK, ADMINISTRATION)
    return store().audit.actions()
