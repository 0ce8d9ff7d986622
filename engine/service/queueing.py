"""The queue as it will probably go: who is next and when, without telling of runs that somebody may not look at."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from engine.access import Action, Actor, Reach, reach
from engine.budgets import Usage, usual_budget
from engine.budgets.budget import next_day
from engine.budgets.schedule import Person, Place, Waiting, Why, places
from engine.service.opened import store

_KEPT_SECONDS = 1.0
_lock = threading.Lock()
_known: dict[str, tuple[float, list[Waiting], list[Place]]] = {}


@dataclass(frozen=True)
class Turn:
    """A place in the queue, as somebody sees it."""

    run_id: int | None
    """None for a run that they may not look at, of which nothing else is told."""
    place: int
    """From 1."""
    seconds: float | None = None
    """In how many seconds it will probably begin, and the range; None where nobody can tell."""
    low: float | None = None
    high: float | None = None
    why: Why = Why.SLOT
    resets_at: float | None = None
    """When its owner's budget returns, in seconds since 1970, where it waits for that."""


def places_for(actor: Actor) -> list[Turn]:
    """Return the waiting runs, the next one first."""
    seen = _ids(reach(actor, Action.LOOK))
    now = time.time()
    return [
        Turn(
            place.run_id,
            place.place,
            place.seconds,
            place.low,
            place.high,
            place.why,
            next_day(now) if place.why is Why.BUDGET else None,
        )
        if seen is None or place.run_id in seen
        else Turn(None, place.place)
        for place in _places()
    ]


def _ids(wanted: Reach) -> set[int | None] | None:
    """Return the waiting runs that somebody may look at; None for all."""
    return None if wanted.everything else set(store().runs.queue(wanted))


def _places() -> Sequence[Place]:
    """Return the queue, played through at most once a second for all who look."""
    url, waiting = store().url, store().budgets.waiting()
    with _lock:
        at, before, found = _known.get(url, (0.0, [], []))
    if not waiting or (waiting == before and time.monotonic() - at < _KEPT_SECONDS):
        return found if waiting else []
    found = _played_through(waiting)
    with _lock:
        _known[url] = time.monotonic(), waiting, found
    return found


def _played_through(waiting: list[Waiting]) -> list[Place]:
    training, usages = store().budgets.training(), store().budgets.all()
    owners = {run.owner for run in waiting} | {run.owner for run in training}
    people = {owner: _person(usages.get(owner)) for owner in owners}
    lease = store().leases.get()
    slots = len(lease.info.get("slots", [])) if lease is not None else 1
    return places(waiting, training, people, slots, time.time())


def _person(usage: Usage | None) -> Person:
    if usage is None:
        return Person(usual_budget())
    going = usage.going_seconds
    return Person(usage.budget, usage.late_seconds + going, usage.used_seconds + going, usage.training)
