"""Attempts to train a run: claimed by an executor, reported and ended by a worker.

A worker proves with its `attempt` that the run is still its own; once the run was given to another worker, all its
writes are refused (`report` returns None).
"""

import time
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import func, insert, select, update

from engine.budgets.yielding import YIELDS
from engine.runs import EVALUATING, Run, RunState
from engine.sentences import Sentence, word
from engine.store.changes import STEER, take_steering
from engine.store.charging import begins_to_use, charge
from engine.store.database import Database
from engine.store.fairness import claim_in_turn, next_in_line
from engine.store.metrics import MetricPoint
from engine.store.rows import run_columns, run_of, write_event
from engine.store.schema import metrics, runs


class Attempts:
    """The running runs of one database, as executors and workers change them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(
        self, slot: str, run_id: int | None = None, devices: Iterable[str] | None = None, worker: Any = None
    ) -> Run | None:
        """Mark the first run in line (or `run_id`) as running and return it, or None if none may begin.

        The first in line is the oldest; where people share the installation, see `engine.store.fairness`.

        `devices` limits the choice to runs that ask for one of these; `worker` is the process that will train it.

        Safe to call from many processes at once: no two callers get the same run.
        """
        now = time.time()
        wanted = [] if run_id is None else [runs.c.id == run_id]
        if devices is not None:
            wanted.append(runs.c.spec["training"]["device"].as_string().in_(list(devices)))
        eligible = next_in_line(now, *wanted, any_budget=run_id is not None)
        eligible = eligible.limit(1).with_for_update(of=runs, skip_locked=True)
        with self._database.writing() as db:
            claim_in_turn(db)
            row = db.execute(
                update(runs)
                .where(runs.c.id == eligible.scalar_subquery(), runs.c.state == RunState.QUEUED)
                .values(
                    state=RunState.RUNNING,
                    slot=slot,
                    attempt=runs.c.attempt + 1,
                    request="",
                    message="",
                    started_at=func.coalesce(runs.c.started_at, now),
                    heartbeat_at=now,
                    worker=worker or {},
                    **begins_to_use(now),
                )
                .returning(*run_columns)
            ).one_or_none()
            if row is not None:
                write_event(
                    db,
                    row.id,
                    "started",
                    Sentence("Started on {slot} (attempt {attempt}).", slot=slot, attempt=row.attempt),
                    now,
                )
        return run_of(row) if row is not None else None

    def claimable(self) -> bool:
        """Return whether a run waits that may begin now. It writes nothing, and waits for nobody."""
        with self._database.reading() as db:
            return db.execute(next_in_line(time.time()).limit(1)).first() is not None

    def in_line(self, most: int) -> list[Run]:
        """Return the first runs that may begin now, in the order in which they would be claimed."""
        query = next_in_line(time.time()).with_only_columns(*run_columns, maintain_column_froms=True)
        with self._database.reading() as db:
            return [run_of(row) for row in db.execute(query.limit(most))]

    def next_short(self, seconds: float, devices: Iterable[str] | None = None) -> Run | None:
        """Return the first run in line for these devices if it will probably take at most so long."""
        wanted = [] if devices is None else [runs.c.spec["training"]["device"].as_string().in_(list(devices))]
        query = next_in_line(time.time(), *wanted).with_only_columns(
            *run_columns, runs.c.estimate_seconds, maintain_column_froms=True
        )
        with self._database.reading() as db:
            row = db.execute(query.limit(1)).one_or_none()
        if row is None or row.estimate_seconds is None or row.estimate_seconds > seconds:
            return None
        return run_of(row)

    def without_a_break(self, seconds: float) -> list[Run]:
        """Return the runs that have trained for so long since they were claimed, and that nobody has asked anything."""
        since = runs.c.heartbeat_at - runs.c.claimed_at >= seconds
        idle = (runs.c.state == RunState.RUNNING, runs.c.request == "", runs.c.phase == "")
        with self._database.reading() as db:
            return [run_of(row) for row in db.execute(select(*run_columns).where(since, *idle).order_by(runs.c.id))]

    def ask_to_yield(self, run: Run, why: str) -> bool:
        """Ask a run to write its checkpoint and to wait in the queue, for one of the reasons in `YIELDS`. False where somebody
        has asked something else of it, or where only its evaluation is left."""
        mine = (runs.c.id == run.id, runs.c.attempt == run.attempt, runs.c.state == RunState.RUNNING)
        with self._database.writing() as db:
            done = db.execute(update(runs).where(*mine, runs.c.request == "", runs.c.phase == "").values(request=why))
            if done.rowcount:
                write_event(db, run.id, "request", YIELDS[why], time.time())
        return bool(done.rowcount)

    def set_worker(self, run: Run, worker: dict[str, Any]) -> None:
        """Say which process trains the run, so that its death can be noticed."""
        with self._database.writing() as db:
            db.execute(update(runs).where(runs.c.id == run.id, runs.c.attempt == run.attempt).values(worker=worker))

    def begin(self, run: Run, *, worker: dict[str, Any], environment: dict[str, Any], total_steps: int) -> None:
        """A worker says who it is and how long the run will be."""
        with self._database.writing() as db:
            db.execute(
                update(runs)
                .where(runs.c.id == run.id, runs.c.attempt == run.attempt)
                .values(worker=worker, environment=environment, total_steps=total_steps, heartbeat_at=time.time())
            )

    def report(
        self,
        run: Run,
        points: Sequence[MetricPoint] = (),
        **progress: Any,
    ) -> str | None:
        """Append `points`, renew the heartbeat and set `progress` columns, in one transaction.

        Returns what is requested of the run ("" for nothing, `STEER` for another learning rate), or None once the run
        is not the caller's any more.
        """
        now = time.time()
        with self._database.writing() as db:
            row = db.execute(
                update(runs)
                .where(runs.c.id == run.id, runs.c.attempt == run.attempt, runs.c.state == RunState.RUNNING)
                .values(heartbeat_at=now, **progress)
                .returning(runs.c.request, runs.c.steering)
            ).one_or_none()
            if row is None:
                return None
            if points:
                db.execute(
                    insert(metrics),
                    [{"run_id": run.id, **{k: v for k, v in p._asdict().items() if k != "id"}} for p in points],
                )
        asked = any(change["step"] is None for change in row.steering)
        return str(row.request) or (STEER if asked else "")

    def begin_evaluation(self, run: Run) -> str:
        """The worker has stopped training as requested: another request ends the evaluation. Return what else is requested."""
        mine = (runs.c.id == run.id, runs.c.attempt == run.attempt, runs.c.state == RunState.RUNNING)
        obeyed = runs.c.request.in_(["", RunState.STOPPED.value, *YIELDS])
        with self._database.writing() as db:
            done = db.execute(update(runs).where(*mine, obeyed).values(request="", phase=EVALUATING)).rowcount
            if done:
                write_event(db, run.id, EVALUATING, Sentence("Training finished; evaluating."), time.time())
            return str(db.execute(select(runs.c.request).where(*mine)).scalar() or "")

    def take_steering(self, run: Run, step: int) -> list[dict[str, Any]]:
        """Give what was asked for its step: from now on it counts after `step` updates. All changes in their order."""
        with self._database.writing() as db:
            return take_steering(db, run, step, time.time())

    def end(self, run: Run, state: RunState, message: str = "", result: dict[str, Any] | None = None) -> bool:
        """Move a running run to a final state, or let it pause. False when it was not this attempt's any more."""
        now = time.time()
        values: dict[str, Any] = {
            "state": state,
            "message": message,
            "request": "",
            "phase": "",
            "ended_at": now,
        }
        if result is not None:
            values["result"] = result
        mine = (runs.c.id == run.id, runs.c.attempt == run.attempt, runs.c.state == RunState.RUNNING)
        with self._database.writing() as db:
            charge(db, run.id)
            done = db.execute(update(runs).where(*mine).values(**values)).rowcount
            if done:
                write_event(db, run.id, state.value, message or Sentence("The run is {state}.", state=word(state)), now)
        return bool(done)

    def requeue(self, run: Run, message: str, *, counted: bool = True) -> bool:
        """Give a running run whose worker is gone back to the queue, at its old place; `counted` as a restart.

        False when it was not this attempt's any more, or when somebody has asked it to end meanwhile.
        """
        values = {"state": RunState.QUEUED, "slot": "", "message": message, "request": ""}
        mine = (runs.c.id == run.id, runs.c.attempt == run.attempt, runs.c.state == RunState.RUNNING)
        unasked = runs.c.request.in_(["", *YIELDS])
        with self._database.writing() as db:
            charge(db, run.id)
            done = db.execute(
                update(runs).where(*mine, unasked).values(**values, restarts=runs.c.restarts + int(counted))
            ).rowcount
            if done:
                write_event(db, run.id, "requeued", message, time.time())
        return bool(done)

    def workers(self) -> list[tuple[Run, dict[str, Any]]]:
        """Running runs with what their worker said of itself (`pid`, `started`, `host`); empty before it did."""
        query = select(*run_columns, runs.c.worker).where(runs.c.state == RunState.RUNNING)
        with self._database.reading() as db:
            return [(run_of(row), dict(row.worker)) for row in db.execute(query)]
