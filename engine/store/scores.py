"""Completed runs as far as they tell what an amount of data has given."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from engine.access import Reach
from engine.runs import RunState
from engine.store.database import Database
from engine.store.reach import EVERYTHING, within
from engine.store.schema import runs


@dataclass(frozen=True)
class ScoredRun:
    """What a run was trained on, and what it has reached."""

    dataset: dict[str, Any]
    """That part of its spec."""
    examples: int
    """Of the training split."""
    result: Mapping[str, Any]


def scored_runs(
    database: Database, task: str, dataset: str, model: str, *, limit: int = 200, reach: Reach = EVERYTHING
) -> list[ScoredRun]:
    """Runs in `reach` of this network on this data that completed, the newest first. Trials are not evaluated on the test split."""
    wanted = [
        *(runs.c.state == RunState.COMPLETED, runs.c.study_id.is_(None), within(reach, runs)),
        *(runs.c.task == task, runs.c.dataset == dataset, runs.c.model == model),
    ]
    query = select(runs.c.spec, runs.c.result).where(*wanted).order_by(runs.c.id.desc()).limit(limit)
    with database.reading() as db:
        found = [(row.spec, row.result, int(row.result.get("num_train_examples", 0))) for row in db.execute(query)]
    return [ScoredRun(spec["dataset"], examples, result) for spec, result, examples in found if examples > 0]
