"""Reads and writes runs, metrics and events. With its neighbours the only SQL of the project.

Concurrency contract: any number of processes and threads may share a database. Every change of a run's state is one
transaction that checks the state it starts from. A worker proves with its `attempt` that the run is still its own;
once the run was given to somebody else, all its writes are refused (`report` returns None).
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError

from engine.errors import TrainyardError
from engine.runs import Run, RunSpec, RunState
from engine.settings import settings
from engine.store.changes import STEER, ask_to_end, put_back, steer, take_steering
from engine.store.database import open_database, turn
from engine.store.rows import (
    begins,
    default_owner,
    listed_columns,
    new_run,
    run_columns,
    run_of,
    time_of,
    unknown_run,
    write_event,
)
from engine.store.schema import events, executors, fetches, metrics, runs
from engine.store.studies import Studies

SEARCH_LEASE = "search"
"""Name of the lease of whoever drives studies."""
_LIVE = [RunState.QUEUED.value, RunState.RUNNING.value]


class StoreUnavailable(TrainyardError):  # noqa: N818  # a state of the world, said in a sentence
    """The database cannot be reached, or not written: it may work again later."""


class MetricPoint(NamedTuple):
    """One value of one series. `scope` is "step" or "epoch"; `epoch` counts fractions; `at` is seconds since 1970."""

    id: int
    split: str
    name: str
    scope: str
    step: int
    epoch: float
    value: float | None
    at: float


class Event(NamedTuple):
    """Something that happened to a run, for its page."""

    at: datetime
    kind: str
    text: str


@dataclass(frozen=True)
class Executor:
    """The lease on running things: who holds it, since when it was silent, what it reports."""

    holder: str
    silent_seconds: float
    info: dict[str, Any]

    @property
    def alive(self) -> bool:
        """Whether its heartbeat is recent."""
        return self.silent_seconds < settings().heartbeat_timeout_seconds


@dataclass(frozen=True)
class Fetch:
    """Progress of one download: state is "running", "completed" or "failed"."""

    name: str
    state: str
    done_bytes: int
    total_bytes: int
    message: str
    silent_seconds: float


class Store:
    """One open database. Cheap to keep, safe to share between threads."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._engine = open_database(url)
        self._reader = self._engine.execution_options(isolation_level="AUTOCOMMIT", reading=True)
        self.studies = Studies(self)

    def close(self) -> None:
        """Give all connections back."""
        self._engine.dispose()

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A write transaction. Writers of one SQLite file take turns; see `turn`."""
        with _sentences(), turn(self._engine.url), self._engine.begin() as db:
            yield db

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that sees what is committed, and waits for nobody."""
        with _sentences(), self._reader.connect() as db:
            yield db

    # -- asking for runs -----------------------------------------------------------------------------------------

    def create_run(
        self,
        spec: RunSpec,
        owner: str = "",
        slot: str = "",
        *,
        steering: Sequence[dict[str, Any]] = (),
        origin: str = "",
    ) -> Run:
        """Put a run at the end of the queue; refused when the queue is full.

        With `slot` the caller trains it itself, at once: it is created running and nobody else can claim it. With the
        `steering` of another run its changes of the learning rate are repeated, each at its step. `origin` is a sentence
        that says where its values come from, the first of its events.
        """
        return self.create_runs([spec], owner, slot, origin=origin, steering=steering)[0]

    def create_runs(
        self,
        specs: Sequence[RunSpec],
        owner: str = "",
        slot: str = "",
        *,
        steering: Sequence[dict[str, Any]] = (),
        origin: str = "",
        group_id: int | None = None,
    ) -> list[Run]:
        """Put several runs at the end of the queue, all or none; they are one group, or join that of `group_id`.

        See `create_run`.
        """
        now = time.time()
        common = begins(slot, now) | {"owner": owner or default_owner(), "created_at": now, "queued_at": now}
        common |= {"steering": list(steering)}
        made: list[Run] = []
        with self.writing() as db:
            if not slot:
                _check_queue(db, len(specs))
            for spec in specs:
                group = {"group_id": group_id or (made[0].id if made else None)}
                row = db.execute(insert(runs).values(**new_run(spec), **common, **group).returning(*run_columns)).one()
                if origin:
                    write_event(db, row.id, "origin", origin, now)
                write_event(
                    db, row.id, "started" if slot else "queued", f"Started on {slot}." if slot else "Queued.", now
                )
                made.append(run_of(row))
            if group_id is None and len(made) > 1:
                group_id = made[0].id
            if group_id is not None:
                db.execute(update(runs).where(runs.c.id == group_id).values(group_id=group_id))
        return [replace(run, group_id=group_id) for run in made]

    def repeat_run(self, run_id: int, specs: Sequence[RunSpec], owner: str = "") -> list[Run]:
        """Queue runs beside one, as one group with it: its group from now on where it had none. Returns the new ones.

        Changes of its learning rate are repeated.

        A trial stays with its study, a fold with its cross-validation, and a fork with its parent: beside these the new
        runs are a group of their own.
        """
        run = self.get_run(run_id)
        alone = run.study_id is not None or run.parent_id is not None or int(run.spec["dataset"].get("folds", 0)) > 1
        group_id = None if alone else run.group_id or run.id
        return self.create_runs(specs, owner, group_id=group_id, steering=run.taken_steering)

    def fork_run(
        self,
        parent: Run,
        epoch: int,
        spec: RunSpec,
        owner: str = "",
        slot: str = "",
        *,
        steering: Sequence[dict[str, Any]] = (),
        prepare: Callable[[Run], None],
    ) -> Run:
        """Create a run that goes on from the end of `epoch` of another; `engine.forks.fork_run` looks whether it can.

        `prepare` puts what it begins with into its folder, before anybody can claim it. What it raises undoes all.
        """
        now = time.time()
        begin = begins(slot, now) | {"owner": owner or default_owner(), "created_at": now, "queued_at": now}
        line = {"parent_id": parent.id, "parent_epoch": epoch, "epoch": epoch, "steering": list(steering)}
        with self.writing() as db:
            if not slot:
                _check_queue(db, 1)
            if db.execute(select(runs.c.id).where(runs.c.id == parent.id).with_for_update()).one_or_none() is None:
                raise unknown_run(parent.id)  # deleted this very moment
            row = db.execute(insert(runs).values(**new_run(spec), **begin, **line).returning(*run_columns)).one()
            words = f"Forked from run {parent.id} at the end of epoch {epoch}."
            write_event(db, row.id, "forked", words, now)
            write_event(db, parent.id, "child", f"Run {row.id} was forked from it at the end of epoch {epoch}.", now)
            prepare(run_of(row))
        return run_of(row)

    def children(self, run_id: int) -> list[Run]:
        """The runs that were forked from it, in the order of their start."""
        with self.reading() as db:
            query = select(*run_columns).where(runs.c.parent_id == run_id).order_by(runs.c.id)
            return [run_of(row) for row in db.execute(query)]

    def steer_run(self, run_id: int, learning_rate: float, by: str = "") -> Run:
        """Ask a run that has not ended to go on with another learning rate: its worker takes it within a second.

        A constant rate, or one that is cut on a plateau, is set; one that follows a curve is scaled, as if the
        optimizer had begun with this rate. Raises `TrainyardError` for a run that has ended and for a rate out of range.
        """
        with self.writing() as db:
            steer(db, run_id, learning_rate, by, time.time())
        return self.get_run(run_id)

    def take_steering(self, run: Run, step: int) -> list[dict[str, Any]]:
        """Give what was asked for its step: from now on it counts after `step` updates. All changes in their order."""
        with self.writing() as db:
            return take_steering(db, run, step, time.time())

    def group(self, group_id: int) -> list[Run]:
        """The runs that were started together, in the order of their start."""
        with self.reading() as db:
            query = select(*run_columns).where(runs.c.group_id == group_id).order_by(runs.c.id)
            return [run_of(row) for row in db.execute(query)]

    def get_run(self, run_id: int) -> Run:
        """The run as it stands now. An unknown id raises `TrainyardError`."""
        with self.reading() as db:
            row = db.execute(select(*run_columns).where(runs.c.id == run_id)).one_or_none()
        if row is None:
            raise unknown_run(run_id)
        return run_of(row)

    def get_runs(self, run_ids: Iterable[int]) -> list[Run]:
        """Those of the runs that there are, as they stand now, in the order of their ids."""
        with self.reading() as db:
            query = select(*run_columns).where(runs.c.id.in_(list(run_ids))).order_by(runs.c.id)
            return [run_of(row) for row in db.execute(query)]

    def list_runs(
        self,
        *,
        states: Iterable[str] | None = None,
        task: str | None = None,
        dataset: str | None = None,
        model: str | None = None,
        owner: str | None = None,
        trials: bool = True,
        limit: int = 1000,
    ) -> list[Run]:
        """Newest first, filtered. The learning curve of each is in `curve`; `environment` is left empty.

        Without `trials` those of studies are left out: there may be thousands of them.
        """
        query = select(*listed_columns).order_by(runs.c.id.desc()).limit(limit)
        if not trials:
            query = query.where(runs.c.study_id.is_(None))
        if states is not None:
            query = query.where(runs.c.state.in_([str(s) for s in states]))
        for column, value in (("task", task), ("dataset", dataset), ("model", model), ("owner", owner)):
            if value is not None:
                query = query.where(runs.c[column] == value)
        with self.reading() as db:
            return [run_of(row) for row in db.execute(query)]

    def judged_datasets(self) -> list[str]:
        """Names of the datasets on which runs have completed, trials aside; those with most runs first."""
        query = (
            select(runs.c.dataset)
            .where(runs.c.state == RunState.COMPLETED, runs.c.study_id.is_(None))
            .group_by(runs.c.dataset)
            .order_by(func.count().desc(), runs.c.dataset)
        )
        with self.reading() as db:
            return list(db.execute(query).scalars())

    def queue(self) -> list[int]:
        """Ids of the waiting runs, the next one first."""
        query = select(runs.c.id).where(runs.c.state == RunState.QUEUED).order_by(runs.c.queued_at, runs.c.id)
        with self.reading() as db:
            return list(db.execute(query).scalars())

    def request_end(self, run_id: int, state: RunState, by: str = "") -> Run:
        """Ask a live run to end in `state`: STOPPED keeps a model and can be resumed, CANCELED keeps nothing, and
        PAUSED frees the device, judges nothing and keeps the place in the queue.

        A queued run ends at once; a running one obeys within a second. Asking twice is harmless. A cancel overrules
        all else, and a pause nothing.
        """
        with self.writing() as db:
            asked = ask_to_end(db, run_id, state, by, time.time())
        run = self.get_run(run_id)
        if not asked:
            if state is RunState.PAUSED:
                raise TrainyardError(f"Run {run_id} is {run.state.value}; only a queued or running run can be paused.")
            raise TrainyardError(
                f"Run {run_id} is {run.state.value}; only a queued, running or paused run can be stopped."
            )
        return run

    def resume_run(self, run_id: int, by: str = "", slot: str = "") -> Run:
        """Put a paused, stopped, pruned or failed run back into the queue; it goes on from its last checkpoint.

        A paused run gets its old place in the queue back.

        With `slot` the caller trains it itself, at once (see `create_run`).
        """
        with self.writing() as db:
            done = put_back(db, run_id, by, slot, time.time())
        run = self.get_run(run_id)
        if not done:
            raise TrainyardError(
                f"Run {run_id} is {run.state.value}; only a paused, stopped, pruned or failed run can be resumed."
            )
        return run

    def delete_run(self, run_id: int) -> None:
        """Forget an ended run with its metrics and events. Its folder is the caller's to delete."""
        with self.writing() as db:
            done = db.execute(delete(runs).where(runs.c.id == run_id, runs.c.state.not_in(_LIVE))).rowcount
        if not done:
            run = self.get_run(run_id)
            raise TrainyardError(f"Run {run_id} is {run.state.value}; stop it before deleting it.")

    def delete_runs(self, run_ids: Iterable[int]) -> None:
        """Forget those of these runs that have ended, in one transaction."""
        with self.writing() as db:
            db.execute(delete(runs).where(runs.c.id.in_([*run_ids]), runs.c.state.not_in(_LIVE)))

    # -- running them --------------------------------------------------------------------------------------------

    def claim_run(
        self, slot: str, run_id: int | None = None, devices: Iterable[str] | None = None, worker: Any = None
    ) -> Run | None:
        """Mark the oldest queued run (or `run_id`) as running and return it, or None if there is none.

        `devices` limits the choice to runs that ask for one of these; `worker` is the process that will train it.

        Safe to call from many processes at once: no two callers get the same run.
        """
        now = time.time()
        eligible = select(runs.c.id).where(runs.c.state == RunState.QUEUED)
        if run_id is not None:
            eligible = eligible.where(runs.c.id == run_id)
        if devices is not None:
            eligible = eligible.where(runs.c.spec["training"]["device"].as_string().in_(list(devices)))
        eligible = eligible.order_by(runs.c.queued_at, runs.c.id).limit(1).with_for_update(skip_locked=True)
        with self.writing() as db:
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
                )
                .returning(*run_columns)
            ).one_or_none()
            if row is not None:
                write_event(db, row.id, "started", f"Started on {slot} (attempt {row.attempt}).", now)
        return run_of(row) if row is not None else None

    def set_worker(self, run: Run, worker: dict[str, Any]) -> None:
        """Say which process trains the run, so that its death can be noticed."""
        with self.writing() as db:
            db.execute(update(runs).where(runs.c.id == run.id, runs.c.attempt == run.attempt).values(worker=worker))

    def begin_attempt(self, run: Run, *, worker: dict[str, Any], environment: dict[str, Any], total_steps: int) -> None:
        """A worker says who it is and how long the run will be."""
        with self.writing() as db:
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
        with self.writing() as db:
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

    def truncate_metrics(self, run: Run, step: int, epoch: int) -> None:
        """Forget values after `step`, and those of epochs after `epoch`: a resumed run writes them again."""
        mine = select(runs.c.id).where(runs.c.id == run.id, runs.c.attempt == run.attempt)
        # an epoch that was left in its validation has done all its steps, and has no values of its own yet
        again = or_(metrics.c.step > step, and_(metrics.c.scope == "epoch", metrics.c.epoch > epoch))
        with self.writing() as db:
            db.execute(delete(metrics).where(metrics.c.run_id.in_(mine), again))

    def end_run(self, run: Run, state: RunState, message: str = "", result: dict[str, Any] | None = None) -> bool:
        """Move a running run to a final state, or let it pause. False when it was not this attempt's any more."""
        now = time.time()
        values: dict[str, Any] = {
            "state": state,
            "message": message,
            "request": "",
            "ended_at": now,
        }
        if result is not None:
            values["result"] = result
        with self.writing() as db:
            done = db.execute(
                update(runs)
                .where(runs.c.id == run.id, runs.c.attempt == run.attempt, runs.c.state == RunState.RUNNING)
                .values(**values)
            ).rowcount
            if done:
                write_event(db, run.id, state.value, message or f"{state.value.capitalize()}.", now)
        return bool(done)

    def requeue_run(self, run: Run, message: str) -> bool:
        """Give a running run whose worker is gone back to the queue, at its old place.

        False when it was not this attempt's any more, or when somebody has asked it to end meanwhile.
        """
        with self.writing() as db:
            done = db.execute(
                update(runs)
                .where(
                    runs.c.id == run.id,
                    runs.c.attempt == run.attempt,
                    runs.c.state == RunState.RUNNING,
                    runs.c.request == "",
                )
                .values(state=RunState.QUEUED, slot="", message=message, restarts=runs.c.restarts + 1)
            ).rowcount
            if done:
                write_event(db, run.id, "requeued", message, time.time())
        return bool(done)

    # -- following them ------------------------------------------------------------------------------------------

    def metrics(self, run_id: int, after: int = 0, limit: int = 1_000_000) -> list[MetricPoint]:
        """Values written after the one with id `after`, oldest first. Valid within one attempt of the run."""
        query = (
            select(*(metrics.c[name] for name in MetricPoint._fields))
            .where(metrics.c.run_id == run_id, metrics.c.id > after)
            .order_by(metrics.c.id)
            .limit(limit)
        )
        with self.reading() as db:
            return [MetricPoint(*row) for row in db.execute(query)]

    def series(
        self, run_ids: Iterable[int], split: str, name: str, scope: str, after: int = 0
    ) -> list[tuple[int, int, int, float, float | None, float]]:
        """One series of several runs: run, id, step, epoch, value and moment of each value written after `after`."""
        wanted = ("run_id", "id", "step", "epoch", "value", "at")
        query = (
            select(*(metrics.c[column] for column in wanted))
            .where(metrics.c.run_id.in_(list(run_ids)), metrics.c.id > after)
            .where(metrics.c.split == split, metrics.c.name == name, metrics.c.scope == scope)
            .order_by(metrics.c.id)
        )
        with self.reading() as db:
            return [tuple(row) for row in db.execute(query)]

    def curves_until(self, run_id: int, epoch: float, after: int = 0) -> list[MetricPoint] | None:
        """Epoch-level values up to `epoch` that were written after the one with id `after`, oldest first.

        None where there is no such run any more.
        """
        wanted = and_(
            metrics.c.run_id == runs.c.id,
            metrics.c.id > after,
            metrics.c.scope == "epoch",
            metrics.c.epoch <= epoch,
        )
        query = (
            select(*(metrics.c[name] for name in MetricPoint._fields))
            .select_from(runs.outerjoin(metrics, wanted))
            .where(runs.c.id == run_id)
            .order_by(metrics.c.id)
        )
        with self.reading() as db:
            rows = db.execute(query).all()
        return [MetricPoint(*row) for row in rows if row.id is not None] if rows else None

    def history(self, run_id: int) -> dict[str, list[float | None]]:
        """Epoch-level values by Keras' names: `loss`, `accuracy`, `val_loss` ..."""
        query = (
            select(metrics.c.split, metrics.c.name, metrics.c.value)
            .where(metrics.c.run_id == run_id, metrics.c.scope == "epoch")
            .order_by(metrics.c.id)
        )
        history: dict[str, list[float | None]] = {}
        with self.reading() as db:
            for split, name, value in db.execute(query):
                history.setdefault(f"val_{name}" if split == "validation" else name, []).append(value)
        return history

    def events(self, run_id: int) -> list[Event]:
        """What happened to the run, oldest first."""
        query = select(events.c.at, events.c.kind, events.c.text).where(events.c.run_id == run_id).order_by(events.c.id)
        with self.reading() as db:
            return [Event(time_of(at), kind, words) for at, kind, words in db.execute(query)]

    def workers(self) -> list[tuple[Run, dict[str, Any]]]:
        """Running runs with what their worker said of itself (`pid`, `started`, `host`); empty before it did."""
        query = select(*run_columns, runs.c.worker).where(runs.c.state == RunState.RUNNING)
        with self.reading() as db:
            return [(run_of(row), dict(row.worker)) for row in db.execute(query)]

    # -- the executor's lease ------------------------------------------------------------------------------------

    def hold_lease(self, holder: str, info: dict[str, Any], name: str = "local", *, over: str = "") -> bool:
        """Take or renew the lease. False while somebody else holds it and is not silent.

        `over` names a holder known to be dead, whose lease may be taken at once.
        """
        now = time.time()
        with suppress(IntegrityError), self.writing() as db:  # two that insert at once: one of them has it
            mine = db.execute(
                update(executors)
                .where(
                    executors.c.name == name,
                    or_(
                        executors.c.holder.in_([holder, over]),
                        executors.c.heartbeat_at < now - settings().heartbeat_timeout_seconds,
                    ),
                )
                .values(holder=holder, heartbeat_at=now, info=info)
            ).rowcount
            if mine:
                return True
            if db.execute(select(executors.c.name).where(executors.c.name == name)).one_or_none() is None:
                db.execute(insert(executors).values(name=name, holder=holder, heartbeat_at=now, info=info))
                return True
        return False

    def release_lease(self, holder: str, name: str = "local") -> None:
        """Give the lease back, if it is the holder's."""
        with self.writing() as db:
            db.execute(delete(executors).where(executors.c.name == name, executors.c.holder == holder))

    def executor(self, name: str = "local") -> Executor | None:
        """Who holds the lease, or None if nobody does."""
        with self.reading() as db:
            row = db.execute(select(executors).where(executors.c.name == name)).one_or_none()
        return Executor(row.holder, max(0.0, time.time() - row.heartbeat_at), dict(row.info)) if row else None

    # -- downloads -----------------------------------------------------------------------------------------------

    def report_fetch(self, name: str, state: str, done_bytes: int = 0, total_bytes: int = 0, message: str = "") -> None:
        """Say how far a download is."""
        values = {
            "state": state, "done_bytes": done_bytes, "total_bytes": total_bytes, "message": message, "at": time.time(),
        }  # fmt: skip
        with suppress(IntegrityError), self.writing() as db:  # two that insert at once say the same
            if not db.execute(update(fetches).where(fetches.c.name == name).values(**values)).rowcount:
                db.execute(insert(fetches).values(name=name, **values))

    def fetch(self, name: str) -> Fetch | None:
        """How far the last download of a dataset is, or None if there was none."""
        with self.reading() as db:
            row = db.execute(select(fetches).where(fetches.c.name == name)).one_or_none()
        if row is None:
            return None
        return Fetch(row.name, row.state, row.done_bytes, row.total_bytes, row.message, time.time() - row.at)


@contextmanager
def _sentences() -> Iterator[None]:
    """Say what is wrong with the database when it is locked, full or gone."""
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        raise StoreUnavailable(
            f"The database cannot be used: {str(error.orig).strip()}. Check free disk space in TRAINYARD_HOME, and "
            "whether the server of TRAINYARD_DATABASE_URL runs; then try again."
        ) from error


def _check_queue(db: Connection, more: int) -> None:
    """Refuse what the queue does not hold."""
    waiting = db.execute(select(func.count()).select_from(runs).where(runs.c.state == RunState.QUEUED)).scalar_one()
    limit = settings().max_queued_runs
    if waiting + more > limit:
        raise TrainyardError(
            f"The queue is full: {waiting} runs wait and TRAINYARD_MAX_QUEUED_RUNS allows {limit}. "
            "Stop some, or wait until some have ended."
        )


def open_store() -> Store:
    """The store that the settings name."""
    return Store(settings().url)
