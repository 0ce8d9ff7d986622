"""Finished runs as far as they tell how long the next one will take."""

import socket
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, case, select

from engine.access import Reach
from engine.runs import RunState
from engine.store.database import Database
from engine.store.reach import EVERYTHING, within
from engine.store.schema import runs


@dataclass(frozen=True)
class FinishedRun:
    """Cost of a completed run, and the work it did."""

    spec: dict[str, Any]
    device: str
    flops: float
    """Operations of one example through the trained network, forward."""
    epochs: int
    train_examples: int
    epoch_seconds: float
    """An epoch with its validation; of earlier versions, which did not measure it, without."""
    seconds: float
    """From building the network to evaluating it, all attempts together without the time between them."""

    @property
    def batch_size(self) -> int:
        """Examples in a step."""
        return int(self.spec["training"]["batch_size"])


def finished_runs(
    database: Database, model: str, *, trials: bool = False, limit: int = 100, reach: Reach = EVERYTHING
) -> list[FinishedRun]:
    """Runs in `reach` that completed on this machine, resumed ones included: those of `model` first, then the newest.

    Trials of studies are not evaluated on the test split, and so sooner over: they count only where asked for. Forks count
    the epochs of their parents too, and did not train them.
    """
    flops = runs.c.environment["flops"].as_float()
    wanted = [runs.c.state == RunState.COMPLETED, runs.c.parent_id.is_(None), flops > 0, within(reach, runs)]
    if not trials:
        wanted.append(runs.c.study_id.is_(None))
    if not database.url.startswith("sqlite"):  # a file belongs to one machine, whose name changes if it is a container
        wanted.append(runs.c.worker["host"].as_string() == socket.gethostname())
    query = (
        select(
            *(runs.c.spec, runs.c.result, flops.label("flops")),
            runs.c.environment["device"].as_string().label("device"),
        )
        .where(*wanted)
        .order_by(case((runs.c.model == model, 0), else_=1), runs.c.id.desc())
        .limit(limit)
    )
    with database.reading() as db:
        return [found for row in db.execute(query) if (found := _finished(row)) is not None]


def _finished(row: Row[*tuple[Any, ...]]) -> FinishedRun | None:
    """None where a run trained nothing."""
    found = row.result
    epochs, pace, whole = (found.get(name, 0) for name in ("epochs", "examples_per_second", "whole_seconds"))
    if not (epochs > 0 and pace > 0 and whole > 0):
        return None
    examples = found["num_train_examples"]
    one = found.get("epoch_seconds") or examples / pace
    # earlier versions did not count the first attempts of a resumed run in `whole_seconds`
    return FinishedRun(
        row.spec, row.device or "cpu", row.flops, epochs, examples, one, max(whole, found.get("seconds", 0.0))
    )
