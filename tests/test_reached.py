"""What an amount of data has given, before Start: runs here first, the table that ships beside them."""

import json
from typing import Any

import pytest

from bench.curves import EXAMPLES, merged
from engine.cost.curves import MOST_SIZES, TABLE, Curve, Point, reached, table
from engine.datasets.base import datasets
from engine.models.base import models
from engine.runs import RunSpec, RunState
from engine.store import Store
from engine.tasks.base import tasks


def finish(store: Store, examples: int, score: float, **values: Any) -> None:
    """Record a completed run with this accuracy on the test split."""
    spec = RunSpec.build({"dataset": "digits", "model": "mlp"} | values)
    run = store.runs.create(spec, slot="test")
    store.attempts.begin(run, worker={}, environment={}, total_steps=1)
    store.attempts.end(run, RunState.COMPLETED, "", {"num_train_examples": examples, "test_accuracy": score})


def curves(store: Store, **values: Any) -> tuple[Curve, ...]:
    """What is known of a run."""
    return reached(store, RunSpec.build({"dataset": "digits", "model": "mlp"} | values))


def test_runs_of_this_network_on_this_data_make_a_curve(store: Store) -> None:
    assert curves(store) == ()
    for examples, score in ((1_000, 0.9), (1_010, 0.8), (1_020, 0.95), (100, 0.5)):
        finish(store, examples, score)
    finish(store, 5_000, 0.99, model="linear")
    finish(store, 5_000, 0.99, dataset="mnist")
    found = (Point(100, 0.5, 1), Point(1_000, 0.9, 3))
    assert curves(store) == (Curve("digits", "accuracy", found, True),)


def test_of_many_sizes_some_are_told_the_least_and_the_largest_among_them(store: Store) -> None:
    for power in range(12):
        finish(store, 10 * 2**power, power / 20)
    [curve] = curves(store)
    sizes = [point.examples for point in curve.points]
    assert (len(sizes), sizes[0], sizes[-1]) == (MOST_SIZES, 10, 10 * 2**11)


@pytest.fixture
def shipped(monkeypatch: pytest.MonkeyPatch) -> None:
    """A table of three rows."""
    row = {"task": "image-classification", "dataset": "digits", "model": "mlp", "metric": "accuracy"}
    sizes = [row | {"examples": examples, "score": score} for examples, score in ((100, 0.4), (1_000, 0.9))]
    rows = [*sizes, row | {"dataset": "mnist", "examples": 50, "score": 0.3}]
    monkeypatch.setattr("engine.cost.curves.table", lambda: rows)


@pytest.mark.usefixtures("shipped")
def test_the_table_fills_what_runs_here_do_not_tell(store: Store) -> None:
    finish(store, 1_050, 0.97)
    assert curves(store)[0].points == (Point(100, 0.4, 0), Point(1_050, 0.97, 1))


@pytest.mark.usefixtures("shipped")
def test_for_other_data_the_embedded_sets_of_its_task_are_told(store: Store) -> None:
    found = curves(store, dataset="fashion")
    assert [(curve.dataset, curve.same, len(curve.points)) for curve in found] == [
        ("digits", False, 2),
        ("mnist", False, 1),
    ]
    assert curves(store, dataset="fashion", model="linear") == ()


def test_the_table_that_ships_is_about_what_there_is() -> None:
    for row in table():
        assert row["metric"] in {metric.name for metric in tasks[row["task"]].metrics}
        assert row["model"] in models
        assert row["task"] in datasets[row["dataset"]].tasks
        assert row["dataset"] in EXAMPLES
        assert row["examples"] > 0


def test_the_bench_replaces_a_row_and_keeps_the_others() -> None:
    rows = json.loads(TABLE.read_text())
    assert merged(rows, [dict(row) for row in rows]) == rows
    row = {"task": "a", "dataset": "b", "model": "c", "metric": "d", "examples": 1, "score": 0.5}
    assert merged([row], [row | {"score": 0.6}]) == [row | {"score": 0.6}]
