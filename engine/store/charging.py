"""What runs have used: each second between a claim and the last sign of life of the worker is charged once, to the run's owner.

Each function does its part of one write transaction, in which it locks the run; none does anything on an installation of one
person. What is charged is never given back, and outlives the run.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, case, func, insert, select, update

from engine.budgets import Estimate, sharing, unknown_estimate
from engine.budgets.budget import by_hour
from engine.runs import RunState
from engine.store.database import Database
from engine.store.schema import charges, runs

DEVICES = func.coalesce(runs.c.spec["training"]["devices"].as_integer(), 1) * func.coalesce(
    runs.c.spec["training"]["machines"].as_integer(), 1
)
"""The devices that train a run together: a second of it counts once for each. Runs of earlier versions do not say."""
_TRIAL_SPREAD = 2.0  # trials of one study differ in their values


def begins_to_use(now: float) -> dict[str, Any]:
    """Return the columns of a run whose time counts from now on."""
    return {"claimed_at": now, "charged_at": now} if sharing() else {}


def holds(estimate: Estimate | None, devices: int) -> dict[str, Any]:
    """Return the columns of a new run that will probably take so long on so many devices."""
    if estimate is None:
        return {}
    return {
        "estimate_seconds": estimate.seconds,
        "estimate_spread": estimate.spread,
        "held_seconds": estimate.seconds * devices,
    }


def holds_again() -> dict[str, Any]:
    """Return the columns of a run that goes on after its end: what is left of its estimate is held."""
    if not sharing():
        return {}
    used = select(func.coalesce(func.sum(charges.c.seconds), 0.0)).where(charges.c.run_id == runs.c.id)
    left = func.coalesce(runs.c.estimate_seconds, 0.0) * DEVICES - used.scalar_subquery()
    return {"held_seconds": case((left > 0, left), else_=0.0)}


def charge(db: Connection, run_id: int) -> None:
    """Charge a run up to its last heartbeat, so that each second counts once; what was held for it shrinks by as much."""
    if not sharing():
        return
    columns = (runs.c.owner, runs.c.charged_at, runs.c.heartbeat_at, DEVICES.label("devices"))
    row = db.execute(select(*columns).where(runs.c.id == run_id).with_for_update()).one_or_none()
    if row is None or row.charged_at is None or row.heartbeat_at is None or row.heartbeat_at <= row.charged_at:
        return
    for hour, seconds in by_hour(row.charged_at, row.heartbeat_at):
        _add(db, run_id, row.owner, hour, seconds * row.devices)
    left = runs.c.held_seconds - (row.heartbeat_at - row.charged_at) * row.devices
    values = {"charged_at": row.heartbeat_at, "held_seconds": case((left > 0, left), else_=0.0)}
    db.execute(update(runs).where(runs.c.id == run_id).values(**values))


def _add(db: Connection, run_id: int, owner: str, hour: int, seconds: float) -> None:
    """Add to what a run has used in an hour. Nobody else does: the run is locked."""
    mine = (charges.c.run_id == run_id, charges.c.hour == hour)
    if not db.execute(update(charges).where(*mine).values(seconds=charges.c.seconds + seconds)).rowcount:
        db.execute(insert(charges).values(run_id=run_id, hour=hour, owner=owner, seconds=seconds))


def charge_running(database: Database) -> None:
    """Charge all running runs, one transaction each: a worker waits for none but its own."""
    due = (runs.c.state == RunState.RUNNING, runs.c.heartbeat_at > runs.c.charged_at)
    with database.reading() as db:
        found: Sequence[int] = db.execute(select(runs.c.id).where(*due).order_by(runs.c.id)).scalars().all()
    for run_id in found:
        with database.writing() as db:
            charge(db, run_id)


def trial_estimate(db: Connection, study_id: int, devices: int) -> Estimate | None:
    """Return what to hold for a run of a study: the mean of its completed runs; None on an installation of one person."""
    if not sharing():
        return None
    mine = (runs.c.study_id == study_id, runs.c.state == RunState.COMPLETED)
    each = (
        select(func.sum(charges.c.seconds).label("seconds"))
        .select_from(charges.join(runs, runs.c.id == charges.c.run_id))
        .where(*mine)
        .group_by(charges.c.run_id)
        .subquery()
    )
    found = db.execute(select(func.avg(each.c.seconds))).scalar()
    return unknown_estimate() if found is None else Estimate(float(found) / devices, _TRIAL_SPREAD)
