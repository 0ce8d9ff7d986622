"""Rows of the table of runs: what a new one holds, and what becomes of one that is read."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, insert

from engine.access import Visibility
from engine.errors import TrainyardError
from engine.processes import describe_process
from engine.runs import Run, RunSpec, RunState
from engine.store.charging import begins_to_use
from engine.store.schema import events, runs

_OTHERS = (
    *("task", "dataset", "model", "worker", "queued_at"),
    *("claimed_at", "charged_at", "held_seconds", "estimate_seconds", "estimate_spread", "priority"),
)
run_columns = [c for c in runs.c if c.name not in _OTHERS]
"""Columns of a `Run`."""
listed_columns = [c for c in run_columns if c.name != "environment"]  # a thousand rows of versions are slow to parse
_TIMES = ("created_at", "started_at", "ended_at", "heartbeat_at")


def new_run(spec: RunSpec) -> dict[str, Any]:
    """The columns of a run that has not begun."""
    return {
        "task": spec.task.name,
        "dataset": spec.dataset.name,
        "model": spec.model.name,
        "spec": spec.to_dict(),
        "total_epochs": spec.training.epochs,
        "curve": [],
        **{name: {} for name in ("best", "result", "environment", "worker")},
    }


def begins(slot: str, now: float) -> dict[str, Any]:
    """The columns of a run that is queued; with `slot`, of one that this process trains at once."""
    if not slot:
        return {"state": RunState.QUEUED}
    mine = {"slot": slot, "worker": describe_process(), **begins_to_use(now)}
    return {"state": RunState.RUNNING, "attempt": 1, "started_at": now, "heartbeat_at": now} | mine


def run_of(row: Row[*tuple[Any, ...]]) -> Run:
    """The run of a row of `run_columns`, more or fewer."""
    values = dict(row._mapping)
    for name in _OTHERS:
        values.pop(name, None)
    for name in _TIMES:
        values[name] = time_of(values[name]) if values[name] is not None else None
    values["state"] = RunState(values["state"])
    values["visibility"] = Visibility.read(values["visibility"])
    return Run(**values)


def time_of(seconds: float) -> datetime:
    """A moment that a column holds."""
    return datetime.fromtimestamp(seconds, UTC)


def write_event(db: Connection, run_id: int, kind: str, words: str, at: float) -> None:
    """Something happened to a run."""
    db.execute(insert(events).values(run_id=run_id, at=at, kind=kind, text=words))


def unknown_run(run_id: int) -> TrainyardError:
    """The sentence about a run that is not there."""
    return TrainyardError("Run {run} does not exist. The Runs page lists all runs.", run=run_id)
