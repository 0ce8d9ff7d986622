"""Budgets of people: what an admin has set for them, and what they use."""

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from engine.budgets import LIMITS, NO_LIMIT, UNKNOWN, Budget, Usage, strictest, unknown_estimate, usual_budget
from engine.budgets.schedule import Training, Waiting
from engine.errors import TrainyardError
from engine.runs import Run, RunState
from engine.sentences import Sentence, word
from engine.store.changes import by_whom
from engine.store.charging import DEVICES, charge_running
from engine.store.classrooms import limits_by_owner
from engine.store.database import Database
from engine.store.fairness import active_by_owner, used_by_owner
from engine.store.rows import run_columns, run_of, write_event
from engine.store.schema import budgets, charges, runs

_LEFT = (runs.c.held_seconds / DEVICES).label("left")  # seconds of the run, whatever trains it
_LEAST_LEFT = 0.1  # the share of its estimate that a run takes at least, though it has trained longer than estimated


class Budgets:
    """The budgets of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def set(self, owner: str, **values: float | None) -> None:
        """Write parts of a person's budget; None: as the settings say."""
        with self._database.writing() as db:
            _write(db, owner, values)

    def know(self, owner: str, *, exempt: bool) -> None:
        """Remember whether somebody who queues something is limited unless a budget was set; admins are not."""
        with self._database.reading() as db:
            known = db.execute(select(budgets.c.exempt).where(budgets.c.owner == owner)).scalar()
        if known is None or bool(known) != exempt:
            try:
                with self._database.writing() as db:
                    _write(db, owner, {"exempt": exempt})
            except IntegrityError:  # somebody else was quicker
                with self._database.writing() as db:
                    _write(db, owner, {"exempt": exempt})

    def forget(self, owner: str) -> None:
        """Delete a person's budget and all that was charged to them."""
        with self._database.writing() as db:
            db.execute(delete(budgets).where(budgets.c.owner == owner))
            db.execute(delete(charges).where(charges.c.owner == owner))

    def get(self, owner: str) -> Usage:
        """Return what a person uses and may use."""
        return self.all().get(owner, Usage(owner, usual_budget()))

    def all(self) -> dict[str, Usage]:
        """Return the same of everybody who has a budget, runs, or charges that still count, by name."""
        now = time.time()
        used, active = used_by_owner(now), active_by_owner()
        waiting = (
            select(
                runs.c.owner,
                func.sum(runs.c.held_seconds).label("held"),
                func.count().filter(runs.c.study_id.is_(None)).label("queued"),
            )
            .where(runs.c.state == RunState.QUEUED)
            .group_by(runs.c.owner)
        )
        found: dict[str, Usage] = {}

        def add(owner: str, **more: Any) -> None:
            known = found.get(owner, Usage(owner, usual_budget()))
            found[owner] = replace(known, **{name: getattr(known, name) + value for name, value in more.items()})

        with self._database.reading() as db:
            found |= {row.owner: _usage(row._mapping) for row in db.execute(select(budgets))}
            for row in db.execute(select(used)):
                add(row.owner, used_seconds=row.today, late_seconds=row.late)
            for row in db.execute(select(active)):
                trained = {"used_seconds": row.pending, "late_seconds": row.pending}
                add(row.owner, training=row.number, held_seconds=row.held, going_seconds=row.held, **trained)
            for row in db.execute(waiting):
                add(row.owner, held_seconds=row.held, queued=row.queued)
            for row in db.execute(select(limits_by_owner())):
                known = found.get(row.owner, Usage(row.owner, usual_budget()))
                found[row.owner] = limited(known, Budget(row.device_minutes or 0, row.at_once or 0, row.queued or 0, 0))
        return found

    def run_ids(self, owner: str) -> list[int]:
        """Return the ids of all runs of somebody."""
        with self._database.reading() as db:
            return [*db.execute(select(runs.c.id).where(runs.c.owner == owner)).scalars()]

    def charge_running(self) -> None:
        """Write down what running runs have used up to their last heartbeat."""
        charge_running(self._database)

    def charged(self) -> dict[int, float]:
        """Return the seconds charged for each run, deleted ones included."""
        query = select(charges.c.run_id, func.sum(charges.c.seconds)).group_by(charges.c.run_id)
        with self._database.reading() as db:
            return {run_id: float(seconds) for run_id, seconds in db.execute(query)}

    def waiting(self) -> list[Waiting]:
        """Return all runs in the queue with what decides on their place."""
        columns = (runs.c.id, runs.c.owner, runs.c.estimate_seconds, runs.c.estimate_spread, _LEFT)
        query = select(*columns, runs.c.queued_at, runs.c.priority).where(runs.c.state == RunState.QUEUED)
        with self._database.reading() as db:
            return [_waiting(row) for row in db.execute(query)]

    def training(self) -> list[Training]:
        """Return the runs that train, with what is probably left of each."""
        columns = (runs.c.owner, _LEFT, runs.c.estimate_spread, runs.c.charged_at)
        query = select(*columns).where(runs.c.state == RunState.RUNNING)
        now = time.time()
        with self._database.reading() as db:
            return [
                Training(
                    row.owner,
                    max(0.0, row.left - (now - (row.charged_at or now))),
                    row.estimate_spread or UNKNOWN,
                )
                for row in db.execute(query)
            ]

    def prioritise(self, run_id: int, priority: int, by: str = "") -> Run:
        """Put a waiting run before all others of a lower priority; 0 is usual."""
        with self._database.writing() as db:
            mine = (runs.c.id == run_id, runs.c.state == RunState.QUEUED)
            row = db.execute(update(runs).where(*mine).values(priority=priority).returning(*run_columns)).one_or_none()
            if row is not None:
                words = Sentence("Priority {priority}{who}.", priority=priority, who=by_whom(by))
                write_event(db, run_id, "priority", words, time.time())
                return run_of(row)
            state = db.execute(select(runs.c.state).where(runs.c.id == run_id)).scalar()
        raise TrainyardError(
            "Run {run} is {state}; only a queued run has a priority.", run=run_id, state=word(state or "unknown")
        )


def limited(usage: Usage, taught: Budget) -> Usage:
    """Return the same where classrooms limit somebody, too: the strictest limit counts."""
    own = usage.own or usage.budget
    return replace(usage, budget=strictest(own, taught), own=own, taught=taught)


def _write(db: Connection, owner: str, values: Mapping[str, Any]) -> None:
    if values and not db.execute(update(budgets).where(budgets.c.owner == owner).values(**values)).rowcount:
        db.execute(insert(budgets).values(owner=owner, **values))


def _usage(row: Any) -> Usage:
    usual = NO_LIMIT if row["exempt"] else usual_budget()
    own = {name: row[name] for name in LIMITS if row[name] is not None}
    return Usage(row["owner"], replace(usual, **own), frozenset(own))


def _waiting(row: Any) -> Waiting:
    usual = unknown_estimate()
    seconds = usual.seconds if row.estimate_seconds is None else row.estimate_seconds
    left = max(row.left, _LEAST_LEFT * seconds)
    return Waiting(row.id, row.owner, seconds, left, row.estimate_spread or usual.spread, row.queued_at, row.priority)
