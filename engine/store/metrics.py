"""Metrics of runs, read incrementally: the cost of a look does not grow with the length of a run."""

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import and_, delete, or_, select

from engine.runs import Run
from engine.store.database import Database
from engine.store.schema import metrics, runs


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


class Metrics:
    """The metrics of one database. Writing them is part of `Attempts.report`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def read(self, run_id: int, after: int = 0, limit: int = 1_000_000) -> list[MetricPoint]:
        """Values written after the one with id `after`, oldest first. Valid within one attempt of the run."""
        query = (
            select(*(metrics.c[name] for name in MetricPoint._fields))
            .where(metrics.c.run_id == run_id, metrics.c.id > after)
            .order_by(metrics.c.id)
            .limit(limit)
        )
        with self._database.reading() as db:
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
        with self._database.reading() as db:
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
        with self._database.reading() as db:
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
        with self._database.reading() as db:
            for split, name, value in db.execute(query):
                history.setdefault(f"val_{name}" if split == "validation" else name, []).append(value)
        return history

    def truncate(self, run: Run, step: int, epoch: int) -> None:
        """Forget values after `step`, and those of epochs after `epoch`: a resumed run writes them again."""
        mine = select(runs.c.id).where(runs.c.id == run.id, runs.c.attempt == run.attempt)
        # an epoch that was left in its validation has done all its steps, and has no values of its own yet
        again = or_(metrics.c.step > step, and_(metrics.c.scope == "epoch", metrics.c.epoch > epoch))
        with self._database.writing() as db:
            db.execute(delete(metrics).where(metrics.c.run_id.in_(mine), again))
