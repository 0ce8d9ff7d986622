"""What an amount of data has given: the score against the number of training examples, from runs here and from a table that ships.

Runs of this installation with the network and the data of the form come first; the table adds the sizes that they do not have. Where
nothing is known of the data, it tells of the embedded sets of the same task. `bench/curves.py` writes the table.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import median
from typing import Any

from engine.access import Reach
from engine.imports.titles import dataset_title, own_reference
from engine.runs import RunSpec
from engine.store import Store
from engine.store.reach import EVERYTHING
from engine.store.scores import ScoredRun, scored_runs

TABLE = Path(__file__).with_name("curves.json")
MOST_SIZES = 6
"""Sizes of one curve; of more, evenly chosen ones are told."""
_ALIKE = 1.1  # numbers of examples that differ by less count as one size


@dataclass(frozen=True)
class Point:
    """The score that was reached with some training examples; the median where there were several runs."""

    examples: int
    score: float
    runs: int
    """Of this installation; 0: from the table."""


@dataclass(frozen=True)
class Curve:
    """Scores on the test split against the number of examples, the fewest first."""

    dataset: str
    """What people call the data."""
    metric: str
    points: tuple[Point, ...]
    same: bool
    """Whether it is the data of the form, and not other data of the same task."""


def reached(store: Store, spec: RunSpec, *, reach: Reach = EVERYTHING) -> tuple[Curve, ...]:
    """Return the curve of the data of `spec`, or those of other data of its task; none where nothing is known."""
    metric = spec.task.metrics[0].name
    part = spec.dataset.to_dict()
    mine = scored_runs(store, spec.task.name, spec.dataset.name, spec.model.name, reach=reach)
    points = _points([run for run in mine if _same_set(run, part)], metric)
    shipped = [row for row in table() if row["task"] == spec.task.name and row["metric"] == metric]
    own = [row for row in shipped if row["dataset"] == spec.dataset.name and row["model"] == spec.model.name]
    points += [point for point in _shipped(own) if not any(_alike(point, other) for other in points)]
    if points:
        return (Curve(dataset_title(part), metric, _some(points), True),)
    others = [row for row in shipped if row["model"] == spec.model.name]
    names = dict.fromkeys(row["dataset"] for row in others)
    return tuple(
        Curve(name, metric, _some(_shipped([row for row in others if row["dataset"] == name])), False) for name in names
    )


@cache
def table() -> list[dict[str, Any]]:
    """Return what was measured: task, dataset, model, metric, examples and score of each row."""
    rows: list[dict[str, Any]] = json.loads(TABLE.read_text(encoding="utf-8"))
    return rows


def _same_set(run: ScoredRun, part: dict[str, Any]) -> bool:
    """Whether it is the same import, for data of people's own; how it was split does not matter."""
    name = str(part["name"])
    return own_reference(name, run.dataset) == own_reference(name, part)


def _points(runs: Sequence[ScoredRun], metric: str) -> list[Point]:
    """The median of the runs whose numbers of examples are alike."""
    groups: list[list[tuple[int, float]]] = []
    scores = sorted((run.examples, run.result[f"test_{metric}"]) for run in runs if f"test_{metric}" in run.result)
    for examples, score in scores:
        if not groups or examples > _ALIKE * groups[-1][0][0]:
            groups.append([])
        groups[-1].append((examples, float(score)))
    return [Point(group[0][0], median(score for _, score in group), len(group)) for group in groups]


def _shipped(rows: Sequence[dict[str, Any]]) -> list[Point]:
    return [Point(row["examples"], row["score"], 0) for row in rows]


def _alike(one: Point, other: Point) -> bool:
    return max(one.examples, other.examples) <= _ALIKE * min(one.examples, other.examples)


def _some(points: Sequence[Point]) -> tuple[Point, ...]:
    """At most `MOST_SIZES` of them, the fewest and the most examples among them."""
    found = sorted(points, key=lambda point: point.examples)
    if len(found) <= MOST_SIZES:
        return tuple(found)
    return tuple(found[round(i * (len(found) - 1) / (MOST_SIZES - 1))] for i in range(MOST_SIZES))
