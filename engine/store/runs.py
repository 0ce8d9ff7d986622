"""Runs in the store: create and read them, and request that they end, resume or change their learning rate.

Any number of processes and threads may share a database. Every change of a run's state is one transaction that checks
the state it starts from.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, case, delete, func, insert, select, update

from engine.access import Reach, Visibility, default_owner
from engine.budgets import FREE, Terms
from engine.errors import TrainyardError
from engine.naming import Naming
from engine.runs import EVALUATING, Run, RunSpec, RunState
from engine.sentences import Sentence, word
from engine.settings import settings
from engine.store.changes import ask_to_end, by_whom, put_back, steer
from engine.store.charging import holds
from engine.store.database import Database
from engine.store.fairness import next_in_line
from engine.store.reach import EVERYTHING, within
from engine.store.rows import (
    begins,
    listed_columns,
    new_run,
    run_columns,
    run_of,
    time_of,
    unknown_run,
    write_event,
)
from engine.store.schema import events, runs

FORKED, CHILD = "forked", "child"
"""Kinds of the two events that name another run."""
_LIVE = [RunState.QUEUED.value, RunState.RUNNING.value]


class Event(NamedTuple):
    """Something that happened to a run, for its page."""

    at: datetime
    kind: str
    text: str


_Runs = list[Run]  # inside the class `list` is a method
_Ids = list[int]
_Places = list[int | None]
_Names = list[str]
_Events = list[Event]


class Runs:
    """The runs of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(
        self,
        spec: RunSpec,
        owner: str = "",
        slot: str = "",
        *,
        steering: Sequence[dict[str, Any]] = (),
        origin: str = "",
        naming: Naming | None = None,
        terms: Terms = FREE,
    ) -> Run:
        """Put a run at the end of the queue; refused when the queue is full.

        With `slot` the caller trains it itself, at once: it is created running and nobody else can claim it. With the
        `steering` of another run its changes of the learning rate are repeated, each at its step. `origin` is a sentence
        that says where its values come from, the first of its events.
        """
        made = self.create_group([spec], owner, slot, origin=origin, steering=steering, naming=naming, terms=terms)
        return made[0]

    def create_group(
        self,
        specs: Sequence[RunSpec],
        owner: str = "",
        slot: str = "",
        *,
        steering: Sequence[dict[str, Any]] = (),
        origin: str = "",
        group_id: int | None = None,
        naming: Naming | None = None,
        terms: Terms = FREE,
    ) -> _Runs:
        """Put several runs at the end of the queue, all or none; they are one group, or join that of `group_id`.

        See `create`.
        """
        now = time.time()
        common = begins(slot, now) | {"owner": owner or default_owner(), "created_at": now, "queued_at": now}
        common |= {"steering": list(steering)} | (naming or Naming()).values()
        made: _Runs = []
        with self._database.writing() as db:
            if not slot:
                _check_queue(db, len(specs), common["owner"], terms)
            for number, spec in enumerate(specs):
                group = {
                    "group_id": group_id or (made[0].id if made else None),
                    **holds(terms.estimate(number), spec.training.places),
                }
                row = db.execute(insert(runs).values(**new_run(spec) | common | group).returning(*run_columns)).one()
                if origin:
                    write_event(db, row.id, "origin", origin, now)
                write_event(
                    db,
                    row.id,
                    "started" if slot else "queued",
                    Sentence("Started on {slot}.", slot=slot) if slot else Sentence("Queued."),
                    now,
                )
                made.append(run_of(row))
            if group_id is None and len(made) > 1:
                group_id = made[0].id
            if group_id is not None:
                db.execute(update(runs).where(runs.c.id == group_id).values(group_id=group_id))
        return [replace(run, group_id=group_id) for run in made]

    def repeat(self, run_id: int, specs: Sequence[RunSpec], owner: str = "", terms: Terms = FREE) -> _Runs:
        """Queue runs beside one, as one group with it: its group from now on where it had none. Returns the new ones.

        Changes of its learning rate are repeated, and so are its name and tags.

        A trial stays with its study, a fold with its cross-validation, and a fork with its parent: beside these the new
        runs are a group of their own.
        """
        run = self.get(run_id)
        alone = run.study_id is not None or run.parent_id is not None or int(run.spec["dataset"].get("folds", 0)) > 1
        group_id = None if alone else run.group_id or run.id
        return self.create_group(
            specs, owner, group_id=group_id, steering=run.taken_steering, naming=run.naming, terms=terms
        )

    def fork(
        self,
        parent: Run,
        epoch: int,
        spec: RunSpec,
        owner: str = "",
        slot: str = "",
        *,
        steering: Sequence[dict[str, Any]] = (),
        naming: Naming | None = None,
        terms: Terms = FREE,
        prepare: Callable[[Run], None],
    ) -> Run:
        """Create a run that continues from the end of `epoch` of another; `engine.forks.fork_run` checks that it can.

        `prepare` writes its starting state into its folder before it can be claimed; if it raises, nothing is
        created.
        """
        now = time.time()
        begin = begins(slot, now) | {"owner": owner or default_owner(), "created_at": now, "queued_at": now}
        line = {"parent_id": parent.id, "parent_epoch": epoch, "epoch": epoch, "steering": list(steering)}
        line |= (naming or Naming()).values() | holds(terms.estimate(0), spec.training.places)
        with self._database.writing() as db:
            if not slot:
                _check_queue(db, 1, begin["owner"], terms)
            if db.execute(select(runs.c.id).where(runs.c.id == parent.id).with_for_update()).one_or_none() is None:
                raise unknown_run(parent.id)  # deleted this very moment
            row = db.execute(insert(runs).values(**new_run(spec) | begin | line).returning(*run_columns)).one()
            words = Sentence("Forked from run {parent} at the end of epoch {epoch}.", parent=parent.id, epoch=epoch)
            write_event(db, row.id, FORKED, words, now)
            write_event(
                db,
                parent.id,
                CHILD,
                Sentence("Run {row} was forked from it at the end of epoch {epoch}.", row=row.id, epoch=epoch),
                now,
            )
            prepare(run_of(row))
        return run_of(row)

    def get(self, run_id: int) -> Run:
        """The run as it stands now. An unknown id raises `TrainyardError`."""
        with self._database.reading() as db:
            row = db.execute(select(*run_columns).where(runs.c.id == run_id)).one_or_none()
        if row is None:
            raise unknown_run(run_id)
        return run_of(row)

    def get_many(self, run_ids: Iterable[int]) -> _Runs:
        """Return those of the runs that still exist, as they are now, in the order of their ids."""
        with self._database.reading() as db:
            query = select(*run_columns).where(runs.c.id.in_(list(run_ids))).order_by(runs.c.id)
            return [run_of(row) for row in db.execute(query)]

    def list(
        self,
        *,
        states: Iterable[str] | None = None,
        task: str | None = None,
        dataset: str | None = None,
        model: str | None = None,
        owner: str | None = None,
        trials: bool = True,
        limit: int = 1000,
        reach: Reach = EVERYTHING,
    ) -> _Runs:
        """Return runs, newest first, filtered. The learning curve of each is in `curve`; `environment` is left empty.

        Without `trials` those of studies are left out: there may be thousands of them. What is out of `reach` does not count
        for the limit.
        """
        query = select(*listed_columns).where(within(reach, runs)).order_by(runs.c.id.desc()).limit(limit)
        if not trials:
            query = query.where(runs.c.study_id.is_(None))
        if states is not None:
            query = query.where(runs.c.state.in_([str(s) for s in states]))
        for column, value in (("task", task), ("dataset", dataset), ("model", model), ("owner", owner)):
            if value is not None:
                query = query.where(runs.c[column] == value)
        with self._database.reading() as db:
            return [run_of(row) for row in db.execute(query)]

    def census(self) -> tuple[dict[str, int], float | None]:
        """Return how many runs are in each state, and since when the oldest queued one waits; None where none does."""
        query = select(runs.c.state, func.count(), func.min(runs.c.queued_at)).group_by(runs.c.state)
        with self._database.reading() as db:
            rows = db.execute(query).all()
        oldest = {str(state): queued_at for state, _, queued_at in rows}
        return {str(state): int(count) for state, count, _ in rows}, oldest.get(RunState.QUEUED)

    def queue(self, reach: Reach = EVERYTHING) -> _Places:
        """Ids of the waiting runs, the next one first; None stands for each that is out of `reach`."""
        shown = case((within(reach, runs), runs.c.id), else_=None)
        query = next_in_line(time.time(), any_budget=True).with_only_columns(shown, maintain_column_froms=True)
        with self._database.reading() as db:
            return [*db.execute(query).scalars()]

    def children(self, run_id: int) -> _Runs:
        """The runs that were forked from it, in the order of their start."""
        with self._database.reading() as db:
            query = select(*run_columns).where(runs.c.parent_id == run_id).order_by(runs.c.id)
            return [run_of(row) for row in db.execute(query)]

    def group(self, group_id: int) -> _Runs:
        """The runs that were started together, in the order of their start."""
        with self._database.reading() as db:
            query = select(*run_columns).where(runs.c.group_id == group_id).order_by(runs.c.id)
            return [run_of(row) for row in db.execute(query)]

    def evaluated_datasets(self, reach: Reach = EVERYTHING) -> _Names:
        """Names of the datasets on which runs have completed, trials aside; those with most runs first."""
        query = (
            select(runs.c.dataset)
            .where(runs.c.state == RunState.COMPLETED, runs.c.study_id.is_(None), within(reach, runs))
            .group_by(runs.c.dataset)
            .order_by(func.count().desc(), runs.c.dataset)
        )
        with self._database.reading() as db:
            return [*db.execute(query).scalars()]

    def events(self, run_id: int) -> _Events:
        """Return the events of the run, oldest first."""
        query = select(events.c.at, events.c.kind, events.c.text).where(events.c.run_id == run_id).order_by(events.c.id)
        with self._database.reading() as db:
            return [Event(time_of(at), kind, words) for at, kind, words in db.execute(query)]

    def request_end(self, run_id: int, state: RunState, by: str = "") -> Run:
        """Ask a live run to end in `state`: STOPPED keeps a model and can be resumed, CANCELED keeps nothing, and
        PAUSED frees the device, evaluates nothing and keeps the place in the queue.

        A queued run ends at once; a running one obeys within a second. Asking twice is harmless. A cancel overrides any
        other request, a pause none.
        """
        with self._database.writing() as db:
            asked = ask_to_end(db, run_id, state, by, time.time())
        run = self.get(run_id)
        if not asked:
            if state is RunState.PAUSED:
                raise TrainyardError(
                    "Run {run} is {state}; only a queued or running run can be paused.",
                    run=run_id,
                    state=word(run.state),
                )
            raise TrainyardError(
                "Run {run} is {state}; only a queued, running or paused run can be stopped.",
                run=run_id,
                state=word(run.state),
            )
        return run

    def resume(self, run_id: int, by: str = "", slot: str = "") -> Run:
        """Put a paused, stopped, pruned or failed run back into the queue; it continues from its last checkpoint.

        A paused run gets its old place in the queue back.

        With `slot` the caller trains it itself, at once (see `create`).
        """
        with self._database.writing() as db:
            done = put_back(db, run_id, by, slot, time.time())
        run = self.get(run_id)
        if not done:
            raise TrainyardError(
                "Run {run} is {state}; only a paused, stopped, pruned or failed run can be resumed.",
                run=run_id,
                state=word(run.state),
            )
        return run

    def evaluate(self, run_id: int, by: str = "", slot: str = "") -> Run:
        """Queue the evaluation of a stopped run, which trains no further. With `slot` the caller evaluates it itself."""
        with self._database.writing() as db:
            done = put_back(db, run_id, by, slot, time.time(), EVALUATING)
        run = self.get(run_id)
        if not done:
            raise TrainyardError(
                "Run {run} is {state}; only a stopped run that is not a trial can be evaluated.",
                run=run_id,
                state=word(run.state),
            )
        return run

    def steer(self, run_id: int, learning_rate: float, by: str = "") -> Run:
        """Request another learning rate for a run that has not ended: its worker takes it within a second.

        A constant rate, or one that is cut on a plateau, is set; one that follows a curve is scaled, as if the
        optimizer had begun with this rate. Raises `TrainyardError` for a run that has ended and for a rate out of range.
        """
        with self._database.writing() as db:
            steer(db, run_id, learning_rate, by, time.time())
        return self.get(run_id)

    def rename(self, run_id: int, naming: Naming) -> Run:
        """Change the name, the note or the tags of a run, in whatever state it is."""
        if values := naming.values():
            with self._database.writing() as db:
                db.execute(update(runs).where(runs.c.id == run_id).values(**values))
        return self.get(run_id)

    def show(self, run_id: int, visibility: Visibility, by: str = "") -> Run:
        """Change who may look at a run. A trial has the visibility of its study, and is refused."""
        with self._database.writing() as db:
            mine = (runs.c.id == run_id, runs.c.study_id.is_(None))
            if db.execute(update(runs).where(*mine).values(visibility=str(visibility))).rowcount:
                words = Sentence("Made {visibility}{who}.", visibility=word(visibility), who=by_whom(by))
                write_event(db, run_id, "visibility", words, time.time())
        run = self.get(run_id)
        if run.study_id is not None:
            raise TrainyardError(
                "Run {run} is a trial of study {study}. Change who can see the study instead.",
                run=run_id,
                study=run.study_id,
            )
        return run

    def delete(self, run_id: int) -> None:
        """Forget an ended run with its metrics and events. Its folder is the caller's to delete."""
        with self._database.writing() as db:
            done = db.execute(delete(runs).where(runs.c.id == run_id, runs.c.state.not_in(_LIVE))).rowcount
        if not done:
            run = self.get(run_id)
            raise TrainyardError("Run {run} is {state}; stop it before deleting it.", run=run_id, state=word(run.state))

    def delete_many(self, run_ids: Iterable[int]) -> None:
        """Forget those of these runs that have ended, in one transaction."""
        with self._database.writing() as db:
            db.execute(delete(runs).where(runs.c.id.in_([*run_ids]), runs.c.state.not_in(_LIVE)))


def _check_queue(db: Connection, more: int, owner: str, terms: Terms) -> None:
    """Refuse what the queue does not hold, and what is more than its owner may have in it."""
    if terms.queued:
        mine = (runs.c.state == RunState.QUEUED, runs.c.owner == owner, runs.c.study_id.is_(None))
        own = db.execute(select(func.count()).select_from(runs).where(*mine)).scalar_one()
        if own + more > terms.queued:
            raise TrainyardError(
                "{owner!r} has {own} runs in the queue and may have {limit}; {more} more do not fit. Stop some, or wait until "
                "some have begun.",
                owner=owner,
                own=own,
                limit=terms.queued,
                more=more,
            )
    waiting = db.execute(select(func.count()).select_from(runs).where(runs.c.state == RunState.QUEUED)).scalar_one()
    limit = settings().max_queued_runs
    if waiting + more > limit:
        raise TrainyardError(
            "The queue is full: {waiting} runs are waiting and TRAINYARD_MAX_QUEUED_RUNS allows "
            "{limit}. Stop some, or wait until some have ended.",
            waiting=waiting,
            limit=limit,
        )
