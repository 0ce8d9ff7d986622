"""The order in which waiting runs train where people share an installation, as one query.

First the priority that an admin gave; then whoever has trained least of late, with what their running runs will probably take;
then boosted trials, the shorter run, and the one that has waited longer. Runs of whoever has used up a budget wait until it returns.
"""

from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, Select, and_, case, func, or_, select

from engine.budgets import sharing, unknown_estimate, usual_budget
from engine.budgets.budget import HOUR_SECONDS, first_hour
from engine.runs import RunState
from engine.settings import settings
from engine.store.charging import DEVICES
from engine.store.classrooms import limits_by_owner
from engine.store.schema import budgets, charges, runs

_CLAIMS = 7_204_311  # names the lock; any number that nobody else uses


def next_in_line(now: float, *where: ColumnElement[bool], any_budget: bool = False) -> Select[Any]:
    """Return the query of the ids of runs that may begin, the next one first. With `any_budget`, whatever their owners have
    used."""
    waiting = (runs.c.state == RunState.QUEUED, *where)
    if not sharing():
        return select(runs.c.id).where(*waiting).order_by(runs.c.queued_at, runs.c.id)
    used, active, taught = used_by_owner(now), active_by_owner(), limits_by_owner()
    source = (
        runs.outerjoin(used, used.c.owner == runs.c.owner)
        .outerjoin(active, active.c.owner == runs.c.owner)
        .outerjoin(budgets, budgets.c.owner == runs.c.owner)
        .outerjoin(taught, taught.c.owner == runs.c.owner)
    )
    query = select(runs.c.id).select_from(source).where(*waiting)
    return (query if any_budget else query.where(_within_budget(used, active, taught))).order_by(*_order(used, active))


def used_by_owner(now: float) -> Any:
    """Return the seconds charged to each owner: today, and of late."""
    today, late = first_hour(now), int(now // HOUR_SECONDS) - settings().fair_share_hours + 1
    return (
        select(
            charges.c.owner,
            func.sum(case((charges.c.hour >= today, charges.c.seconds), else_=0.0)).label("today"),
            func.sum(case((charges.c.hour >= late, charges.c.seconds), else_=0.0)).label("late"),
        )
        .where(charges.c.hour >= min(today, late))
        .group_by(charges.c.owner)
        .subquery("used")
    )


def active_by_owner() -> Any:
    """Return, for each owner whose runs train: how many, the seconds that are not charged yet, and those held for what is left."""
    pending = (runs.c.heartbeat_at - runs.c.charged_at) * DEVICES
    rest = runs.c.held_seconds - func.coalesce(pending, 0.0)
    return (
        select(
            runs.c.owner,
            func.count().label("number"),
            func.sum(func.coalesce(case((pending > 0, pending), else_=0.0), 0.0)).label("pending"),
            func.sum(case((rest > 0, rest), else_=0.0)).label("held"),
        )
        .where(runs.c.state == RunState.RUNNING)
        .group_by(runs.c.owner)
        .subquery("active")
    )


def limit_of(column: str, taught: FromClause) -> ColumnElement[Any]:
    """Return what the owner may use, as the admin has said or the settings, or less where a classroom says so: 0 for no limit.

    `budgets` and `taught`, the limits of classrooms, must be joined.
    """
    own, usual, less = budgets.c[column], getattr(usual_budget(), column), taught.c[column]
    found = func.coalesce(own, case((budgets.c.exempt, 0), else_=usual))
    return case((less.is_not(None) & ((found == 0) | (less < found)), less), else_=found)


def _within_budget(used: FromClause, active: FromClause, taught: FromClause) -> ColumnElement[bool]:
    minutes, at_once = limit_of("device_minutes", taught), limit_of("at_once", taught)
    spent = _or_none(used.c.today) + _or_none(active.c.pending) + _or_none(active.c.held)
    return and_(or_(minutes == 0, spent < 60 * minutes), or_(at_once == 0, func.coalesce(active.c.number, 0) < at_once))


def _order(used: FromClause, active: FromClause) -> tuple[ColumnElement[Any], ...]:
    return (
        runs.c.priority.desc(),
        _or_none(used.c.late) + _or_none(active.c.pending) + _or_none(active.c.held),
        case((runs.c.queued_at == 0, 0), else_=1),
        func.coalesce(runs.c.estimate_seconds, unknown_estimate().seconds),
        runs.c.queued_at,
        runs.c.id,
    )


def _or_none(column: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.coalesce(column, 0.0)


def claim_in_turn(db: Connection) -> None:
    """Let only one claim at a time count what an owner's runs use. SQLite has one writer anyway."""
    if sharing() and db.dialect.name == "postgresql":
        db.execute(select(func.pg_advisory_xact_lock(_CLAIMS)))
