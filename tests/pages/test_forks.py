"""Pages on which a run is forked, paused and given another learning rate, and the tree of forks."""

import json
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from engine.artifacts import artifacts_of
from engine.forks import fork_run
from engine.runs import Run, RunSpec, RunState
from engine.store import Store
from tests import seeding
from tests.pages.opening import labels, open_page, press, unfold, words
from ui import lab
from ui.runs.family import family_of, lanes, related
from ui.runs.forks import nearest
from ui.train.fork_form import fork_query


def keep(run: Run, *epochs: int) -> Run:
    """Pretend that these epochs of the run were kept: pages look at names alone."""
    folder = artifacts_of(run.id).epochs
    folder.mkdir(parents=True, exist_ok=True)
    for epoch in epochs:
        (folder / f"{epoch}.npz").write_bytes(b"weights")
    return run


def forked(store: Store, parent: Run, epoch: int) -> Run:
    """A child of a run, queued."""
    keep(parent, epoch)
    return fork_run(store, parent.id, epoch, parent.parsed(), "ada")


# -- on the run's page -------------------------------------------------------------------------------------------------


def test_a_run_that_keeps_epochs_offers_them_with_what_they_reached(store: Store) -> None:
    run = keep(seeding.running(store, epochs=6), 2, 4, 6)
    at = press(open_page("run", run=run.id), "Fork…")
    (epochs,) = [box for box in at.selectbox if box.label == "Continue from the end of"]
    assert [text.split(" · ")[0] for text in epochs.options] == ["epoch 2", "epoch 4", "epoch 6"]
    assert all("validation accuracy" in text for text in epochs.options)
    assert "Choose values" in labels(at)


def test_a_run_that_keeps_none_cannot_be_forked(store: Store) -> None:
    assert "Fork…" not in labels(open_page("run", run=seeding.completed(store).id))
    waiting = seeding.running(store, epochs=0)  # its page is not drawn anew when the first epoch has ended
    at = press(open_page("run", run=waiting.id), "Fork…")
    assert [toast.value for toast in at.toast] == [
        f"Run {waiting.id} is running and has not kept an epoch yet. Wait until it has, then fork it."
    ]
    keep(waiting, 1)
    assert "Choose values" in labels(press(at, "Fork…"))


def traces_of(at: AppTest, name: str) -> dict[str, dict[str, Any]]:
    """The traces of a chart on the page of a run, by their names."""
    boards = [json.loads(element.proto.json) for element in at.get("bidi_component")]
    figure = next(json.loads(chart["spec"]) for board in boards for chart in board["charts"] if chart["name"] == name)
    return {trace["name"]: trace for trace in figure["data"]}


def test_the_curves_say_which_epochs_can_be_forked(store: Store) -> None:
    run = keep(seeding.running(store, epochs=6), 2, 6)
    for name in ("loss", "accuracy"):
        rings = traces_of(open_page("run", run=run.id), name)["Can be forked"]
        assert rings["x"] == [2, 6]
    keep(run, 4)
    assert traces_of(open_page("run", run=run.id), "loss")["Can be forked"]["x"] == [2, 4, 6]


def test_the_curves_of_a_fork_begin_with_those_of_its_parent_while_there_is_one(store: Store) -> None:
    parent = seeding.completed(store)
    run = store.attempts.claim("cpu-0", forked(store, parent, 3).id)
    assert run is not None
    for epoch in (3, 4):
        seeding.train_epoch(store, run, epoch)
    traces = traces_of(open_page("run", run=run.id), "loss")
    assert traces["Validation"]["x"] == [4, 5]
    before = traces[f"Parent, run {parent.id}"]
    assert before["x"] == [1, 2, 3]
    assert before["line"]["dash"] == "dot"
    assert "customdata" not in before  # a click on it is no epoch of this run
    store.runs.delete(parent.id)
    assert not [name for name in traces_of(open_page("run", run=run.id), "loss") if "Parent" in name]


def test_a_best_epoch_of_the_parent_has_its_mark_on_the_curve_of_the_parent(store: Store) -> None:
    parent = seeding.completed(store)
    run = store.attempts.claim("cpu-0", forked(store, parent, 3).id)
    assert run is not None
    seeding.train_epoch(store, run, 3)
    store.attempts.report(run, best={"epoch": 2.0, "val_accuracy": 0.9})
    assert traces_of(open_page("run", run=run.id), "accuracy")["Best epoch"]["x"] == [2]


def test_other_seeds_of_a_fork_are_not_offered(store: Store) -> None:
    parent = seeding.completed(store)
    assert any("seeds" in label for label in labels(open_page("run", run=parent.id)))
    child = store.attempts.claim("cpu-0", forked(store, parent, 3).id)
    assert child is not None
    store.attempts.end(child, RunState.STOPPED)
    assert not any("seeds" in label for label in labels(open_page("run", run=child.id)))


@pytest.mark.parametrize(("clicked", "offered"), [(1, 2), (3, 4), (4, 4), (99, 8)])
def test_a_click_on_the_curve_means_the_nearest_kept_epoch(clicked: int, offered: int) -> None:
    assert nearest([2, 4, 8], clicked) == offered


def test_every_mark_of_a_curve_carries_its_epoch(store: Store) -> None:
    at = open_page("run", run=seeding.running(store, epochs=4).id)
    traces = traces_of(at, "loss")
    assert [traces[name].get("customdata") for name in ("Train, running", "Train", "Validation")] == [
        None, [1, 2, 3, 4], [1, 2, 3, 4]
    ]  # fmt: skip


def test_pause_writes_a_request_and_a_paused_run_shows_no_result(store: Store) -> None:
    run = seeding.running(store)
    press(open_page("run", run=run.id), "Pause")
    assert store.runs.get(run.id).request == RunState.PAUSED
    store.attempts.end(store.runs.get(run.id), RunState.PAUSED, "Paused.")
    at = open_page("run", run=run.id)
    assert "Resume" in labels(at)
    assert "Result" not in words(at)
    press(at, "Resume")
    assert store.runs.get(run.id).state is RunState.QUEUED
    said = words(open_page("run", run=run.id))
    assert "Epoch 4 of 10" in said
    assert "Not started" not in said


def test_the_time_of_a_run_with_a_pause_is_that_of_its_training(store: Store) -> None:
    run = seeding.running(store)
    store.attempts.end(run, RunState.PAUSED)
    store.runs.resume(run.id)
    again = store.attempts.claim("cpu-0", run.id)
    assert again is not None
    store.attempts.end(again, RunState.COMPLETED, result={"seconds": 61.0})
    assert "took 1:01" in words(open_page("run", run=run.id))


def test_the_learning_rate_of_a_run_that_trains_can_be_changed(store: Store) -> None:
    run = seeding.running(store)
    at = press(open_page("run", run=run.id), "Learning rate…")
    (rate,) = at.number_input
    rate.set_value(0.02)
    press(at, "Change")
    assert store.runs.get(run.id).steering == [{"step": None, "learning_rate": 0.02}]
    assert "0.02 requested" in words(press(open_page("run", run=run.id), "Learning rate…"))
    assert "Learning rate…" not in labels(open_page("run", run=seeding.completed(store).id))
    store.attempts.end(run, RunState.PAUSED)
    at = press(open_page("run", run=run.id), "Learning rate…")
    assert at.number_input[0].value == 0.02


# -- on the form -------------------------------------------------------------------------------------------------------


def test_the_form_of_a_fork_locks_what_must_stay_and_queues_a_child(store: Store) -> None:
    run = keep(seeding.running(store, epochs=4), 4)
    at = open_page("train", **fork_query(run, 4) | {"learning_rate": "0.0001"})
    assert f"continues from run {run.id} at the end of epoch 4" in words(at)
    unfold(at, "network", "training")
    kinds = ("selectbox", "slider", "text_input", "button_group")
    locked = {widget.label for kind in kinds for widget in at.get(kind) if widget.disabled}
    assert {"Dataset", "Model", "Optimizer"} <= locked
    assert not {"Learning rate", "Epochs", "Batch size", "Learning rate schedule"} & locked
    at.session_state["terminal"] = True
    at.run()
    assert f"fork {run.id} --epoch 4 --learning-rate 0.0001" in at.code[0].value
    press(at, "Train")
    (child,) = store.runs.children(run.id)
    assert (child.parent_epoch, child.spec["optimizer"]["learning_rate"]) == (4, 0.0001)


def test_the_form_of_a_fork_goes_back_to_the_values_of_its_parent_with_the_rate_in_force(store: Store) -> None:
    run = keep(seeding.running(store, epochs=4, dataset="digits", model="mlp"), 4)
    store.runs.steer(run.id, 0.02)
    store.attempts.take_steering(run, 3)
    at = open_page("train", **fork_query(store.runs.get(run.id), 4) | {"learning_rate": "0.5", "dropout": "0.3"})
    press(at, "Reset")
    assert not at.error
    (rate,) = [widget for widget in at.text_input if widget.label == "Learning rate"]
    assert rate.value == "0.02"
    press(at, "Train")
    (child,) = store.runs.children(run.id)
    assert child.parsed().optimizer.learning_rate == 0.02
    assert child.parsed().model == run.parsed().model


def test_a_fork_of_an_epoch_that_is_not_kept_any_more_is_a_sentence_and_no_button(store: Store) -> None:
    run = keep(seeding.running(store, epochs=4), 2)
    at = open_page("train", **fork_query(run, 4))
    assert f"Epoch 4 of run {run.id} was not kept" in "".join(error.value for error in at.error)
    assert "Train" not in labels(at)


def test_a_fork_that_would_change_what_must_stay_is_a_sentence_and_no_button(store: Store) -> None:
    run = keep(seeding.running(store, epochs=4), 4)
    at = open_page("train", **fork_query(run, 4) | {"optimizer": "sgd"})
    assert "keeps the optimizer of its parent" in "".join(error.value for error in at.error)
    assert "Train" not in labels(at)


@pytest.mark.parametrize("asked", [("x", "4"), ("1", ""), ("1", "0"), ("99", "4"), ("1" * 30, "4")])
def test_a_link_to_a_fork_that_cannot_be_is_a_sentence(store: Store, asked: tuple[str, str]) -> None:
    at = open_page("train", fork=asked[0], fork_epoch=asked[1])
    assert at.error
    assert "Train" not in labels(at)


def test_the_form_of_a_fork_asks_for_more_epochs_than_its_parent_has_done(store: Store) -> None:
    run = seeding.running(store, epochs=10)
    values = {name: text for name, text in fork_query(run, 10).items() if not name.startswith("fork")}
    assert RunSpec.build(values).training.epochs > 10


# -- the tree ----------------------------------------------------------------------------------------------------------


def test_a_family_is_drawn_from_its_first_ancestor_each_child_below_its_parent(store: Store) -> None:
    root = seeding.running(store, epochs=6)
    older, younger = forked(store, root, 2), forked(store, root, 4)
    keep(older, 3)
    assert {run.id for run in family_of(lab.actor(), younger)} == {root.id, older.id, younger.id}
    drawn = lanes([younger, root, older])
    assert [(lane.run.id, lane.row, lane.start, lane.parent_row) for lane in drawn] == [
        (root.id, 0, 0, None),
        (older.id, 1, 2, 0),
        (younger.id, 2, 4, 0),
    ]


def test_a_run_is_in_its_own_family_however_many_siblings_it_has(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ui.runs.family.MOST", 3)
    root = seeding.running(store, epochs=6)
    youngest = [forked(store, root, 2) for _ in range(5)][-1]
    relatives = {run.id for run in family_of(lab.actor(), youngest)}
    assert len(relatives) == 3
    assert {root.id, youngest.id} <= relatives


def test_a_child_outlives_its_parent_and_says_so(store: Store) -> None:
    parent = seeding.completed(store)
    child = forked(store, parent, 4)
    assert "Forks" in words(open_page("run", run=child.id))
    store.runs.delete(parent.id)
    said = words(open_page("run", run=child.id))
    assert f"forked from run {parent.id} at the end of epoch 4. That run was deleted." in said


def test_the_runs_page_draws_the_tree_where_there_is_one(store: Store) -> None:
    alone = seeding.completed(store)
    assert not [box.label for box in open_page("runs").expander if box.label == "Forks"]
    child = forked(store, alone, 4)
    other = seeding.completed(store)
    assert {run.id for run in related(store.runs.list())} == {alone.id, child.id}
    assert other.id not in {run.id for run in related(store.runs.list())}
    assert [box.label for box in open_page("runs").expander if box.label == "Forks"]
