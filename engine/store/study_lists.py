"""Page queries over many studies, or over a study with many trials: little of each, in few queries."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Float, cast, func, or_, select

from engine.runs import Run, RunSpec, RunState
from engine.store.database import Database
from engine.store.rows import listed_columns, run_columns, run_of
from engine.store.schema import runs
from engine.studies import OBJECTIVES, QUALITY, StudySpec

_BATCH = 500  # ids in one query: databases limit the variables of a statement
UNENDED = [state.value for state in RunState if not state.final]


@dataclass(frozen=True)
class TrialCounts:
    """Progress of a study."""

    begun: int = 0
    going: int = 0
    """Number of trials that wait, train or are paused."""

    @property
    def ended(self) -> int:
        """Return the number of trials that came to an end, those whose runs were deleted included."""
        return self.begun - self.going


def count_trials(database: Database, study_ids: Sequence[int]) -> dict[int, TrialCounts]:
    """Return the number of trials of each of these studies."""
    mine, unended = runs.c.study_id.in_(study_ids), runs.c.state.in_(UNENDED)
    last = select(runs.c.study_id, func.max(runs.c.trial)).where(mine).group_by(runs.c.study_id)
    live = (
        select(runs.c.study_id, func.count(func.distinct(runs.c.trial))).where(mine, unended).group_by(runs.c.study_id)
    )
    with database.reading() as db:
        going = {study_id: count for study_id, count in db.execute(live)}  # noqa: C416  # rows are no pairs to mypy
        return {study_id: TrialCounts((trial or 0) + 1, going.get(study_id, 0)) for study_id, trial in db.execute(last)}


@dataclass(frozen=True)
class ValuePlace:
    """Place of the first objective of a study in its runs."""

    column: str
    name: str
    maximize: bool
    folds: int
    """Number of runs of a trial."""


def value_place(spec: StudySpec) -> ValuePlace:
    """For `best_values`. Raises `TrainyardError` for a study that cannot be trained any more."""
    base, name = RunSpec.build(spec.values), spec.objectives[0]
    column = "best" if name == QUALITY else "environment" if name == "parameters" else "result"
    key = base.task.objective if name == QUALITY else OBJECTIVES[name].key
    return ValuePlace(column, key, spec.maximize()[0], max(1, base.dataset.folds))


def best_values(database: Database, wanted: Mapping[int, ValuePlace]) -> dict[int, float]:
    """The best value of the first objective of each study, by its id.

    The runs of one trial (its folds) count with their mean, and only trials all of whose runs have completed.
    """
    by_place: dict[ValuePlace, list[int]] = {}
    for study_id, place in wanted.items():
        by_place.setdefault(place, []).append(study_id)
    found: dict[int, float] = {}
    with database.reading() as db:
        for place, ids in by_place.items():
            value = cast(runs.c[place.column][place.name].as_float(), Float)
            done = (runs.c.study_id.in_(ids), runs.c.state == RunState.COMPLETED.value)
            each = select(runs.c.study_id, func.avg(value).label("value")).where(*done)
            trials = each.group_by(runs.c.study_id, runs.c.trial).having(func.count() >= place.folds).subquery()
            best = (func.max if place.maximize else func.min)(trials.c.value)
            for study_id, value_ in db.execute(select(trials.c.study_id, best).group_by(trials.c.study_id)):
                if value_ is not None:
                    found[study_id] = float(value_)
    return found


def study_totals(database: Database, study_id: int) -> tuple[int, int]:
    """Return how many runs a study has, and how often they were begun: something has changed where these have."""
    query = select(func.count(), func.coalesce(func.sum(runs.c.attempt), 0)).where(runs.c.study_id == study_id)
    with database.reading() as db:
        count, begun = db.execute(query).one()
    return count, begun


def moving_runs(database: Database, study_id: int, after: int = 0) -> list[int]:
    """Ids of the runs of a study that have not ended, and of all that were queued after the run `after`."""
    mine, moving = runs.c.study_id == study_id, or_(runs.c.id > after, runs.c.state.in_(UNENDED))
    with database.reading() as db:
        return list(db.execute(select(runs.c.id).where(mine, moving).order_by(runs.c.id)).scalars())


def study_runs(database: Database, run_ids: Iterable[int], *, environment: bool = False) -> list[Run]:
    """These runs, as `Runs.list` gives them, in the order of their ids; with their environment where it is asked for."""
    ids, columns = sorted(run_ids), run_columns if environment else listed_columns
    found: list[Run] = []
    with database.reading() as db:
        for start in range(0, len(ids), _BATCH):
            query = select(*columns).where(runs.c.id.in_(ids[start : start + _BATCH])).order_by(runs.c.id)
            found += [run_of(row) for row in db.execute(query)]
    return found
