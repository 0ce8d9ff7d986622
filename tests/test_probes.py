"""Probes: chosen once, answered at epoch ends, followed while they are written, replayed afterwards."""

import base64
import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from engine.artifacts import artifacts_of
from engine.preparation.grid import grid_of
from engine.preparation.prepare import prepare
from engine.preparation.varied import varied, watched
from engine.probes import Answers, Probed, ProbeReader, add, begin, read
from engine.runs import Run, RunSpec
from engine.settings import settings
from engine.store import Store
from engine.training import probing
from engine.training.fit import train_run

PROBED = Probed([4, 7], ["cat", "dog"], "one")


def answers(epoch: int) -> Answers:
    return Answers(epoch, "classes", [{"label": "cat"}, {"label": "cat"}], {"accuracy": [1.0, 0.0]})


def trained(store: Store, **values: object) -> Run:
    run = store.runs.create(
        RunSpec.build({"dataset": "digits", "model": "mlp", "epochs": 3, "patience": 0, **values}), slot="t"
    )
    train_run(store, run)
    return store.runs.get(run.id)


def test_each_class_comes_once_before_any_comes_twice() -> None:
    prepared = prepare(RunSpec.build({"dataset": "digits"}).dataset)
    where = varied(prepared, "validation", 12)
    assert set(where) <= set(prepared.indices("validation"))
    assert sorted(prepared.targets[where[:10]]) == list(range(10))
    assert (where == varied(prepared, "validation", 12)).all()


def test_examples_that_people_choose_come_first_and_those_of_other_splits_are_left_out() -> None:
    prepared = prepare(RunSpec.build({"dataset": "digits"}).dataset)
    mine, other = prepared.indices("validation")[[5, 3]], prepared.indices("train")[0]
    where = watched(prepared, f"{mine[0]}, {other},{mine[1]},99999", 12)
    assert where[:2].tolist() == mine.tolist()
    assert len(set(where)) == 12
    assert set(where) <= set(prepared.indices("validation"))


def test_a_reader_follows_what_is_written_and_waits_for_the_end_of_a_line(tmp_path: Path) -> None:
    path = tmp_path / "probes.jsonl"
    reader = ProbeReader(path)
    assert reader.follow() is None
    begin(path, PROBED)
    found = reader.follow()
    assert found is not None
    assert (found.probed, list(found.epochs)) == (PROBED, [])
    add(path, answers(1))
    with path.open("a") as file:
        file.write('{"epoch": 2, "kind"')
    found = reader.follow()
    assert found is not None
    assert [one.epoch for one in found.epochs] == [1]


def test_an_attempt_that_goes_on_drops_the_epochs_that_are_trained_again(tmp_path: Path) -> None:
    path = tmp_path / "probes.jsonl"
    begin(path, PROBED)
    reader = ProbeReader(path)
    for epoch in (1, 2, 3):
        add(path, answers(epoch))
    reader.follow()
    assert begin(path, Probed([1], ["x"], "one"), done=2) == PROBED  # the examples of the first attempt stay
    found = reader.follow()
    assert found is not None
    assert [one.epoch for one in found.epochs] == [1, 2]
    assert begin(path, Probed([1], ["x"], "another"), done=2).positions == [1]  # positions mean nothing in other data


def test_a_file_that_cannot_be_read_costs_only_the_picture(tmp_path: Path) -> None:
    path = tmp_path / "probes.jsonl"
    path.write_text("{nonsense\n{}\n")
    assert read(path) is None


def test_a_run_answers_at_its_first_and_last_epoch_and_within_its_time(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[probing.Probing] = []
    begun = probing.Probing.on_train_begin
    monkeypatch.setattr(
        probing.Probing, "on_train_begin", lambda self, logs=None: (made.append(self), begun(self, logs))
    )
    monkeypatch.setattr(probing, "SHARE", 0.0)
    run = trained(store, epochs=4)
    found = read(artifacts_of(run.id).probes)
    assert found is not None
    assert [one.epoch for one in found.epochs] == [1, 4]
    assert made[0].spent > 0
    assert len(found.epochs[-1].values) == 12
    right = [
        values["label"] == truth for values, truth in zip(found.epochs[-1].values, found.probed.truths, strict=True)
    ]
    assert [score == 1.0 for score in found.epochs[-1].scores["accuracy"]] == right
    assert sum(right) > 6


@pytest.mark.parametrize("values", [{}, {"dataset": "stamps", "model": "efficientnet-lite0", "epochs": 2}, {"dataset": "penguins"}],
                         ids=["pixels", "frozen", "rows"])  # fmt: skip
def test_the_last_answers_are_those_of_the_saved_model(
    store: Store, values: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The weights of the last epoch are the best ones here."""
    monkeypatch.setattr(probing, "SHARE", 1.0)
    run = trained(store, **values, first_best=99)
    files = artifacts_of(run.id)
    found, outcomes = read(files.probes), files.read_outcomes("validation")
    assert found is not None
    assert outcomes is not None
    places = [int(np.flatnonzero(outcomes.positions == position)[0]) for position in found.probed.positions]
    expected = outcomes.outputs[places].max(axis=1)
    assert [values["probability"] for values in found.epochs[-1].values] == pytest.approx(expected.tolist(), abs=2e-4)
    assert run.result["probe_seconds"] > 0
    assert (found.probed.map is not None) is ("penguins" in values.values())


@pytest.mark.parametrize("dataset", ["penguins", "diabetes"])
def test_a_table_is_drawn_as_a_map_whose_answers_are_those_of_the_network(store: Store, dataset: str) -> None:
    run = trained(store, dataset=dataset, epochs=2)
    prepared = prepare(run.parsed().dataset)
    grid, found = grid_of(prepared, run.parsed().task), read(artifacts_of(run.id).probes)
    assert grid is not None
    assert found is not None
    assert asdict(found.probed)["map"] == json.loads(json.dumps(asdict(grid.map)))
    heights = np.frombuffer(base64.b64decode(found.epochs[-1].heights), "<f4")
    assert heights.shape == (grid.map.points**2,)
    if dataset == "penguins":
        assert set(np.floor(heights).astype(int)) <= {0, 1, 2}
        assert (heights % 1 > 1 / 3 - 1e-3).all()  # the probability of the likeliest of three
    low, high = np.array(grid.map.low), np.array(grid.map.high)
    inside = ((np.array(grid.map.places) > low) & (np.array(grid.map.places) < high)).all(axis=1)
    assert inside.mean() > 0.9


def test_pictures_and_installations_that_want_none_have_no_map(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    digits, penguins = (RunSpec.build({"dataset": name}) for name in ("digits", "penguins"))
    assert grid_of(prepare(digits.dataset), digits.task) is None
    monkeypatch.setenv("TRAINYARD_PROBE_GRID", "0")
    settings.cache_clear()
    assert grid_of(prepare(penguins.dataset), penguins.task) is None


def test_probes_change_no_weight(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keras' recurrent layers draw their dropout in inference, too."""
    small = {
        "dataset": "tweets",
        "model": "gru",
        "units": 16,
        "batch_size": 512,
        "epochs": 2,
        "deterministic": True,
    }
    monkeypatch.setattr(probing, "SHARE", 1.0)
    seen = trained(store, **small)
    monkeypatch.setattr(probing, "watched", lambda *_: np.empty(0, int))
    unseen = trained(store, **small)
    probes = [read(artifacts_of(run.id).probes) for run in (seen, unseen)]
    assert [len(found.epochs) for found in probes if found] == [2, 0]
    assert seen.result["weights_sha256"] == unseen.result["weights_sha256"]
