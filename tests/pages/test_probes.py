"""The page of a run shows how the answers to fixed validation examples change."""

import json
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from engine.artifacts import artifacts_of
from engine.preparation.grid import grid_of
from engine.preparation.prepare import prepare
from engine.preparation.varied import varied
from engine.preparation.varied import watched as choose
from engine.probes import Answers, Probed, add, begin, packed
from engine.runs import Run, RunSpec, RunState
from engine.store import Store
from tests import seeding
from tests.pages.opening import open_page, press, unfold, words


def watched(run: Run, epochs: int = 2, dataset_hash: str = "") -> Run:
    """The run, with probes that are wrong after the first epoch and right after the others."""
    prepared = prepare(run.parsed().dataset)
    where = [int(position) for position in varied(prepared, "validation", 3)]
    truths = [prepared.describe(position) for position in where]
    path = artifacts_of(run.id).probes
    path.parent.mkdir(parents=True, exist_ok=True)
    begin(path, Probed(where, truths, dataset_hash or prepared.content_hash))
    for epoch in range(1, epochs + 1):
        values = [
            {"label": truth if epoch > 1 else "<b>none</b>", "probability": 0.9, "probabilities": {}}
            for truth in truths
        ]
        add(path, Answers(epoch, "classes", values, {"accuracy": [float(epoch > 1)] * 3}))
    return run


def shown(at: AppTest) -> list[dict[str, Any]]:
    boards = [json.loads(element.proto.json) for element in at.get("bidi_component")]
    return [tile for board in boards for tile in board.get("tiles", ())]


def test_a_run_that_trains_shows_its_newest_answers(store: Store) -> None:
    run = watched(seeding.running(store, epochs=4, dataset="digits"), epochs=1)
    at = open_page("run", run=run.id)
    assert [tile["verdict"] for tile in shown(at)] == ["wrong"] * 3
    assert shown(at)[0]["answer"] == "<b>none</b> 90%"  # as it is: the browser is given text, not HTML
    assert shown(at)[0]["image"].startswith("data:image/png")
    assert "After epoch 1: 0 of 3 examples right" in words(at)


def test_the_answers_of_a_run_that_has_ended_can_be_replayed(store: Store) -> None:
    run = watched(seeding.completed(store, dataset="digits"))
    at = open_page("run", run=run.id)
    [slider] = at.select_slider
    assert {tile["verdict"] for tile in shown(at)} == {"right"}
    slider.set_value(1).run()
    assert {tile["verdict"] for tile in shown(at)} == {"wrong"}


def mapped(run: Run) -> Run:
    """The run on rows, with a map that has another answer after each of two epochs."""
    prepared = prepare(run.parsed().dataset)
    grid = grid_of(prepared, run.parsed().task)
    assert grid is not None
    files, where = artifacts_of(run.id), [int(position) for position in varied(prepared, "validation", 3)]
    files.folder.mkdir(parents=True, exist_ok=True)
    files.info.write_text(json.dumps({**prepared.info.to_dict(), "task": run.parsed().task.to_dict()}))
    begin(files.probes, Probed(where, ["one"] * 3, prepared.content_hash, grid.map))
    for epoch in (1, 2):
        values = [{"label": "one", "probability": 0.9, "probabilities": {}, "value": 1.0}] * 3
        heights = packed(np.full(grid.map.points**2, epoch / 2))
        add(files.probes, Answers(epoch, run.parsed().task.prediction, values, {}, heights))
    return run


def maps(at: AppTest) -> list[dict[str, Any]]:
    boards = [json.loads(element.proto.json) for element in at.get("bidi_component")]
    return [
        json.loads(chart["spec"]) for board in boards for chart in board.get("charts", ()) if chart["name"] == "map"
    ]


@pytest.mark.parametrize("dataset", ["penguins", "diabetes"])
def test_answers_to_rows_are_a_map_that_is_live_and_can_be_replayed(store: Store, dataset: str) -> None:
    [figure] = maps(open_page("run", run=mapped(seeding.running(store, epochs=2, dataset=dataset)).id))
    ground, *examples = figure["data"]
    assert ground["z"]["bdata"] == packed(np.full(40**2, 1.0))
    assert len(examples) == (3 if dataset == "penguins" else 1)
    run = mapped(seeding.running(store, dataset=dataset))
    store.attempts.end(run, RunState.COMPLETED)
    at = open_page("run", run=run.id)
    assert len(maps(at)) == 1
    at.select_slider[0].set_value(1).run()
    assert maps(at)[0]["data"][0]["z"]["bdata"] == packed(np.full(40**2, 0.5))


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_examples_of_another_version_of_the_dataset_are_not_shown(store: Store, lang: str) -> None:
    run = watched(seeding.completed(store, dataset="digits"), dataset_hash="of another version")
    assert shown(open_page("run", run=run.id, lang=lang)) == []


@pytest.mark.parametrize("dataset", ["digits", "tweets", "spoken-digits", "penguins"])
def test_people_choose_examples_to_watch_in_the_form_whatever_they_are(store: Store, dataset: str) -> None:
    at = unfold(open_page("train", dataset=dataset), "watched")
    boxes = [box.key for box in at.checkbox if str(box.key).startswith("watched-")]
    assert len(boxes) == 12
    one, two = (int(key.rsplit("-", 1)[1]) for key in boxes[3:5])
    at.get_by_key(boxes[3]).check().run()
    at.get_by_key(boxes[4]).check().run()
    assert not at.exception
    assert at.query_params["watched"] == f"{one},{two}"
    press(at, "Train")
    [run] = store.runs.list()
    spec = run.parsed()
    found = choose(prepare(spec.dataset), spec.training.watched, 12)
    assert found[:2].tolist() == [one, two]
    assert len(set(found.tolist())) == 12


def test_no_more_can_be_chosen_than_are_watched_and_a_choice_can_be_forgotten(store: Store) -> None:
    first = prepare(RunSpec.build({"dataset": "digits"}).dataset).indices("validation")[:12]
    at = unfold(open_page("train", dataset="digits", watched=",".join(map(str, first))), "watched")
    boxes = [box for box in at.checkbox if str(box.key).startswith("watched-")]
    assert all(box.disabled for box in boxes if not box.value)
    press(at, "Choose none")
    assert "watched" not in at.query_params
