"""What pages read of many studies, or of a study with many trials: little of each, in few queries."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Float, cast, func, select

from engine.runs import Run, RunState
from engine.store.rows import listed_columns, run_columns, run_of
from engine.store.schema import runs

if TYPE_CHECKING:
    from engine.store.store import Store

_BATCH = 500  # ids in one query: databases limit the variables of a statement
_COLUMNS = ("best", "result", "environment")


@dataclass(frozen=True)
class TrialCounts:
    """How far a study is."""

    begun: int = 0
    live: int = 0
    """How many of them wait or train."""

    @property
    def ended(self) -> int:
        """How many came to an end, those whose runs were deleted included."""
        return self.begun - self.live


def count_trials(store: "Store", study_ids: Sequence[int]) -> dict[int, TrialCounts]:
    """How many trials each of these studies has."""
    mine, live = runs.c.study_id.in_(study_ids), runs.c.state.in_([RunState.QUEUED.value, RunState.RUNNING.value])
    last = select(runs.c.study_id, func.max(runs.c.trial)).where(mine).group_by(runs.c.study_id)
    going = select(runs.c.study_id, func.count(func.distinct(runs.c.trial))).where(mine, live).group_by(runs.c.study_id)
    with store.reading() as db:
        alive = {study_id: count for study_id, count in db.execute(going)}  # noqa: C416  # rows are no pairs to mypy
        return {study_id: TrialCounts((trial or 0) + 1, alive.get(study_id, 0)) for study_id, trial in db.execute(last)}


def best_values(store: "Store", wanted: Mapping[int, tuple[str, str, bool]]) -> dict[int, float]:
    """The best value of each study: by its id the column of the runs, the name in it, and whether more is better.

    The runs of one trial (its folds) count with their mean, and only completed ones count.
    """
    by_place: dict[tuple[str, str, bool], list[int]] = {}
    for study_id, place in wanted.items():
        by_place.setdefault(place, []).append(study_id)
    found: dict[int, float] = {}
    with store.reading() as db:
        for (column, name, more), ids in by_place.items():
            if column not in _COLUMNS:
                continue
            value = cast(runs.c[column][name].as_float(), Float)
            done = (runs.c.study_id.in_(ids), runs.c.state == RunState.COMPLETED.value)
            each = select(runs.c.study_id, func.avg(value).label("value")).where(*done)
            trials = each.group_by(runs.c.study_id, runs.c.trial).subquery()
            best = (func.max if more else func.min)(trials.c.value)
            for study_id, value_ in db.execute(select(trials.c.study_id, best).group_by(trials.c.study_id)):
                if value_ is not None:
                    found[study_id] = float(value_)
    return found


Mark = tuple[str, int, int, str]
"""State, attempt, epoch and request of a run: what changes while it goes on."""


def study_marks(store: "Store", study_id: int) -> dict[int, Mark]:
    """Of each run of a study by its id what tells whether it must be read again."""
    wanted = [runs.c[name] for name in ("id", "state", "attempt", "epoch", "request")]
    with store.reading() as db:
        query = select(*wanted).where(runs.c.study_id == study_id).order_by(runs.c.id)
        return {row[0]: (row[1], row[2], row[3], row[4]) for row in db.execute(query)}


def study_runs(store: "Store", run_ids: Iterable[int], *, environment: bool = False) -> list[Run]:
    """These runs, as `Store.list_runs` gives them, in the order of their ids; with their environment where it is asked for."""
    ids, columns = sorted(run_ids), run_columns if environment else listed_columns
    found: list[Run] = []
    with store.reading() as db:
        for start in range(0, len(ids), _BATCH):
            query = select(*columns).where(runs.c.id.in_(ids[start : start + _BATCH])).order_by(runs.c.id)
            found += [run_of(row) for row in db.execute(query)]
    return found
