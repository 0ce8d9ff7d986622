"""Probes: chosen once, answered at epoch ends, followed while they are written, replayed afterwards."""

from pathlib import Path

import numpy as np
import pytest

from engine.artifacts import artifacts_of
from engine.preparation.prepare import prepare
from engine.preparation.varied import varied
from engine.probes import Answers, Probed, ProbeReader, add, begin, read
from engine.runs import Run, RunSpec
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


def test_probes_change_no_weight(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keras' recurrent layers draw their dropout in inference, too."""
    small = {
        "dataset": "phrase-languages",
        "model": "gru",
        "units": 16,
        "batch_size": 512,
        "epochs": 2,
        "deterministic": True,
    }
    monkeypatch.setattr(probing, "SHARE", 1.0)
    watched = trained(store, **small)
    monkeypatch.setattr(probing, "varied", lambda *_: np.empty(0, int))
    unwatched = trained(store, **small)
    probes = [read(artifacts_of(run.id).probes) for run in (watched, unwatched)]
    assert [len(found.epochs) for found in probes if found] == [2, 0]
    assert watched.result["weights_sha256"] == unwatched.result["weights_sha256"]
