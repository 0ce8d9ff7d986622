"""When waiting runs will probably begin: the queue played through with the estimates of all runs.

It follows the order of the claim (`engine.store.fairness`): whoever begins a run has used more from then on, so that others come
first.
"""

import heapq
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from engine.budgets.budget import Budget, next_day


class Why(StrEnum):
    """What a run waits for now."""

    SLOT = "slot"
    """A free slot, and the runs before it."""
    AT_ONCE = "at once"
    """The end of one of its owner's running runs."""
    BUDGET = "budget"
    """The next day, when its owner's budget returns."""


@dataclass(frozen=True)
class Waiting:
    """A run in the queue."""

    run_id: int
    owner: str
    seconds: float
    """Estimated for all of it: the shorter goes first."""
    left: float
    """Estimated for what is left of it: less where it has trained before."""
    spread: float = 1.0
    """The factor between the estimate and either end of its range."""
    queued_at: float = 0.0
    priority: int = 0


@dataclass(frozen=True)
class Training:
    """A run that trains, with the estimate of what is left of it."""

    owner: str
    seconds: float
    spread: float = 1.0


@dataclass(frozen=True)
class Person:
    """What somebody has used, with what is held for their running runs, and what they may use."""

    budget: Budget
    late: float = 0.0
    """Seconds that decide who goes first."""
    today: float = 0.0
    """Seconds that count for the budget of this day."""
    training: int = 0

    @property
    def blocked(self) -> Why | None:
        """What keeps their next run from beginning even where a slot is free."""
        if self.budget.device_minutes and self.today >= 60 * self.budget.device_minutes:
            return Why.BUDGET
        return Why.AT_ONCE if self.budget.at_once and self.training >= self.budget.at_once else None


@dataclass(frozen=True)
class Place:
    """The place of a run in the queue, and in how many seconds it will probably begin; None where nobody can tell."""

    run_id: int
    place: int
    """From 1."""
    seconds: float | None
    low: float | None
    high: float | None
    why: Why = Why.SLOT


def places(
    waiting: Sequence[Waiting], training: Sequence[Training], people: Mapping[str, Person], slots: int, now: float
) -> list[Place]:
    """Return the place of each waiting run, the next one first. `people` has the owners of all of them."""
    expected, soonest, latest = (begins(waiting, training, people, slots, now, power) for power in (0, -1, 1))
    owners = {run.run_id: run.owner for run in waiting}
    order = [*expected, *(run_id for run_id in owners if run_id not in expected)]
    found = []
    for number, run_id in enumerate(order, 1):
        low, high = soonest.get(run_id), latest.get(run_id)
        why = people[owners[run_id]].blocked or Why.SLOT
        found.append(Place(run_id, number, expected.get(run_id), low, high, why))
    return found


def begins(
    waiting: Sequence[Waiting],
    training: Sequence[Training],
    people: Mapping[str, Person],
    slots: int,
    now: float,
    power: int = 0,
) -> dict[int, float]:
    """Return in how many seconds each run begins, in the order in which they do, if all take `spread ** power` times their
    estimate."""
    line = _Line(waiting, dict(people))
    ends = [(now + run.seconds * run.spread**power, run.owner) for run in training]
    heapq.heapify(ends)
    free, at, found = max(1, slots) - len(ends), now, {}
    while True:
        while free > 0 and (run := line.take()) is not None:
            found[run.run_id] = at - now
            heapq.heappush(ends, (at + run.left * run.spread**power, run.owner))
            free -= 1
        if not line.left or not (ends or line.waits_for_day()):
            return found
        tomorrow = next_day(at)
        if ends and (ends[0][0] <= tomorrow or not line.waits_for_day()):
            at, owner = heapq.heappop(ends)
            line.end(owner)
            free += 1
        else:
            at = tomorrow
            line.new_day()


class _Line:
    """The runs that have not begun, by owner, each owner's in their order."""

    def __init__(self, waiting: Sequence[Waiting], people: dict[str, Person]) -> None:
        self._people = people
        self._runs: dict[str, list[Waiting]] = defaultdict(list)
        for run in sorted(waiting, key=_own_order, reverse=True):
            self._runs[run.owner].append(run)
        self.left = len(waiting)

    def take(self) -> Waiting | None:
        """Begin the first run in line, None where none may begin."""
        heads = [runs[-1] for owner, runs in self._runs.items() if runs and not self._people[owner].blocked]
        if not heads:
            return None
        first = min(heads, key=lambda run: (-run.priority, self._people[run.owner].late, *_own_order(run)[1:]))
        self._runs[first.owner].pop()
        self.left -= 1
        who = self._people[first.owner]
        self._people[first.owner] = replace(
            who, late=who.late + first.left, today=who.today + first.left, training=who.training + 1
        )
        return first

    def end(self, owner: str) -> None:
        """One of their runs has ended."""
        if owner in self._people:
            who = self._people[owner]
            self._people[owner] = replace(who, training=max(0, who.training - 1))

    def waits_for_day(self) -> bool:
        """Return whether somebody's runs wait for their budget."""
        return any(runs and self._people[owner].blocked is Why.BUDGET for owner, runs in self._runs.items())

    def new_day(self) -> None:
        """All budgets return."""
        self._people = {owner: replace(who, today=0.0) for owner, who in self._people.items()}


def _own_order(run: Waiting) -> tuple[float, bool, float, float, int]:
    """Return the order among the runs of one owner; a boosted trial has been queued at 0."""
    return -run.priority, run.queued_at > 0, run.seconds, run.queued_at, run.run_id
