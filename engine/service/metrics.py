"""Metrics of runs, read incrementally."""

from collections.abc import Sequence

from engine.access import Action, Actor, check
from engine.runs import Run
from engine.service.opened import store
from engine.service.runs import get_many
from engine.store import MetricPoint


def read(actor: Actor, run: Run, after: int = 0) -> list[MetricPoint]:
    """Return the values of a run that were written after the one with id `after`, oldest first."""
    check(actor, Action.LOOK, run)
    return store().metrics.read(run.id, after)


def read_parent(actor: Actor, run: Run, after: int = 0) -> list[MetricPoint] | None:
    """Return the epoch-level values that lead to a fork; None for any other run, and where there is no parent
    any more, or none for the actor."""
    check(actor, Action.LOOK, run)
    if run.parent_id is None or run.parent_epoch is None:
        return None
    if not get_many(actor, [run.parent_id]):
        return None
    return store().metrics.curves_until(run.parent_id, run.parent_epoch, after)


def series(
    actor: Actor, runs: Sequence[Run], split: str, name: str, scope: str, after: int = 0
) -> list[tuple[int, int, int, float, float | None, float]]:
    """Return one series of several runs: run, id, step, epoch, value and moment of each value after `after`."""
    for run in runs:
        check(actor, Action.LOOK, run)
    return store().metrics.series([run.id for run in runs], split, name, scope, after)


def history(actor: Actor, run: Run) -> dict[str, list[float | None]]:
    """Return the epoch-level values of a run by Keras' names."""
    check(actor, Action.LOOK, run)
    return store().metrics.history(run.id)
