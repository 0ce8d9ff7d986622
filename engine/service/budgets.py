"""Budgets: what somebody may use and has used, the queue with its reasons, and what admins change of both."""

import time
from dataclasses import dataclass, replace

from engine.access import Action, Actor, Role, Visibility, check, reach
from engine.accounts.names import account_name
from engine.accounts.sessions import actor_named
from engine.budgets import LIMITS, NO_LIMIT, Usage, sharing, usual_budget
from engine.budgets.budget import next_day
from engine.budgets.yielding import ASKED
from engine.errors import TrainyardError
from engine.limits.allowances import Allowance
from engine.runs import Run, RunState
from engine.sentences import COMMA, Sentence, joined, word
from engine.service.audited import audited
from engine.service.opened import store
from engine.service.queueing import Turn, places_for
from engine.service.runs import get
from engine.service.terms import disk_used, usage_of

_BUDGETS, _QUEUE = "budgets", "the order of the queue"
_MOST_PRIORITY = 100
_MOST = 1_000_000_000


@dataclass(frozen=True)
class _Of:
    """Somebody's budget: theirs to look at, and admins'."""

    owner: str
    visibility: Visibility = Visibility.PRIVATE

    @property
    def reference(self) -> str:
        """What it is called in an error."""
        return f"the budget of {self.owner}"


# -- looking -----------------------------------------------------------------------------------------------------------


def usage(actor: Actor, owner: str = "") -> Usage:
    """Return what somebody uses and may use: `actor`, or for admins anybody."""
    check(actor, Action.CREATE, "runs")
    check(actor, Action.LOOK, _Of(owner or actor.name))
    return usage_of(actor) if owner in ("", actor.name) else store().budgets.get(owner)


def list_all(actor: Actor) -> list[Usage]:
    """Return what everybody uses and may use who has a budget, runs or an account, by name."""
    check(actor, Action.CHANGE, _BUDGETS)
    found = store().budgets.all()
    for account in store().accounts.list():
        exempt = actor_named(account).role is Role.ADMIN
        found.setdefault(account.name, Usage(account.name, NO_LIMIT if exempt else usual_budget()))
    return [found[name] for name in sorted(found)]


def allowances(actor: Actor) -> list[Allowance]:
    """Return what limits somebody: rows of "What limits me"; none on an installation of one person."""
    check(actor, Action.CREATE, "runs")
    if not sharing():
        return []
    found = usage_of(actor)
    budget, rows = found.own or found.budget, []
    if budget.device_minutes:
        rows.append(_minutes(found, Sentence("Training time of today"), budget.device_minutes))
    if budget.at_once:
        rows.append(
            _row(Sentence("Runs that train at once"), found.training, budget.at_once, Sentence("running runs")),
        )
    if budget.queued:
        rows.append(_row(Sentence("Runs in the queue"), found.queued, budget.queued, Sentence("queued runs")))
    if budget.disk_mb:
        used = disk_used(actor.name, fresh=False) / 1e6
        rows.append(_row(Sentence("Disk space of runs and datasets"), used, budget.disk_mb, Sentence("MB")))
    return rows + _of_classrooms(actor, found)


def _of_classrooms(actor: Actor, found: Usage) -> list[Allowance]:
    """Return the rows of the classrooms that somebody has joined: limits, and runs that they may submit today."""
    account = store().accounts.get(actor.name)
    if account is None or not store().classrooms.lent(account.id)[0]:
        return []
    rows, today = [], store().submissions.today(account.id)
    for room in store().classrooms.of(account.id):
        named, limits = {"title": room.title}, room.budget if actor.role is not Role.ADMIN else NO_LIMIT
        if limits.device_minutes:
            rows.append(_minutes(found, Sentence("Training time of today, in {title}", **named), limits.device_minutes))
        if limits.at_once:
            name = Sentence("Runs that train at once, in {title}", **named)
            rows.append(_row(name, found.training, limits.at_once, Sentence("running runs")))
        if limits.queued:
            name = Sentence("Runs in the queue, in {title}", **named)
            rows.append(_row(name, found.queued, limits.queued, Sentence("queued runs")))
        for one in room.assignments:
            if one.hidden:
                name = Sentence("Submissions of today, {title}: {assignment}", **named, assignment=one.title)
                left = _row(name, today.get(one.id, 0), one.a_day, Sentence("submissions"))
                rows.append(replace(left, resets_at=next_day(time.time())))
    return rows


def _minutes(found: Usage, name: Sentence, minutes: float) -> Allowance:
    used, held = found.used_seconds / 60, found.held_seconds / 60
    left, resets_at = max(0.0, minutes - used - held), next_day(time.time())
    return Allowance(name, used, held, left, Sentence("device-minutes"), resets_at)


def _row(name: Sentence, used: float, limit: float, unit: Sentence) -> Allowance:
    return Allowance(name, used, 0, max(0.0, limit - used), unit, None)


def queue(actor: Actor) -> list[Turn]:
    """Return the waiting runs, the next one first, with when each will probably begin and what it waits for."""
    check(actor, Action.LOOK, "the queue")
    if not sharing():
        return [Turn(run_id, number) for number, run_id in enumerate(store().runs.queue(reach(actor, Action.LOOK)), 1)]
    return places_for(actor)


# -- changing ----------------------------------------------------------------------------------------------------------


@audited(about="{owner}", detail="{parts}")
def set_budget(actor: Actor, owner: str, **parts: float | None) -> Usage:
    """Change parts of somebody's budget; 0: no limit, None: as the settings say."""
    check(actor, Action.CHANGE, _BUDGETS)
    for name, value in parts.items():
        if name not in LIMITS:
            raise TrainyardError(
                "A budget has no part {part!r}. Choose one of: {parts}.", part=name, parts=joined(LIMITS, COMMA)
            )
        if value is not None and not 0 <= value <= _MOST:
            raise TrainyardError(
                "The budget of {owner!r} cannot have {value:g} as {part}; it is a number from 0 (no limit) to {most:,}.",
                owner=owner,
                value=value,
                part=name,
                most=_MOST,
            )
    name = account_name(owner)
    store().budgets.set(name, **parts)
    return store().budgets.get(name)


@audited("run {run_id}", detail="priority {priority}")
def prioritise(actor: Actor, run_id: int, priority: int | None = None) -> Run:
    """Put a waiting run before all others of a lower priority; 0 is usual, below it a run waits for all others. None: before
    all that wait now."""
    check(actor, Action.CHANGE, _QUEUE)
    if priority is None:
        others = [run.priority for run in store().budgets.waiting() if run.run_id != run_id]
        priority = min(max([0, *others]) + 1, _MOST_PRIORITY)
    if not -_MOST_PRIORITY <= priority <= _MOST_PRIORITY:
        raise TrainyardError(
            "A priority is a number from {least} to {most}; {priority} was given.",
            least=-_MOST_PRIORITY,
            most=_MOST_PRIORITY,
            priority=priority,
        )
    get(actor, run_id)
    return store().budgets.prioritise(run_id, priority, actor.name)


@audited("run {run_id}")
def preempt(actor: Actor, run_id: int) -> Run:
    """Ask a running run to write its checkpoint and wait in the queue; it goes on when its turn comes."""
    check(actor, Action.CHANGE, _QUEUE)
    run = get(actor, run_id)
    if run.state is not RunState.RUNNING or not store().attempts.ask_to_yield(run, ASKED):
        raise TrainyardError(
            "Run {run} is {state}; only a run that trains, and that nobody has asked to end, can make way.",
            run=run_id,
            state=word(run.state),
        )
    return store().runs.get(run_id)
