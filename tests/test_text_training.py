"""Training on texts: resumed exactly, bucketed by length, and used from files."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.artifacts import artifacts_of
from engine.cli import main
from engine.datasets.base import Examples, UnsplitDataset, datasets
from engine.runs import Run, RunState
from engine.serving.loaded import LoadedModels
from engine.store import Store
from engine.training import pipeline, reporting, session
from tests.training_runs import train, train_with_stops

LSTM: dict[str, Any] = {
    "dataset": "moods", "model": "lstm", "units": 8, "embedding_size": 8, "vocabulary_size": 1_000, "batch_size": 16,
    "epochs": 2, "patience": 0, "dropout": 0.3, "recurrent_dropout": 0.3, "deterministic": True, "learning_rate": 0.02,
}  # fmt: skip
"""Batches of like length, and two kinds of dropout that draw random numbers in every step."""
IN_VALIDATION = 6
"""The chance after the five executions of an epoch."""


@pytest.fixture(autouse=True)
def moods() -> Any:
    """A dataset of 200 made-up opinions, from nothing to 30 words long; forgotten after the test."""

    @datasets.register("moods")
    class Moods(UnsplitDataset):
        """Made-up opinions in which one word tells."""

        tasks = ("text-classification",)

        def fingerprint(self) -> str:
            return "moods"

        def load(self) -> Examples:
            rng = np.random.default_rng(0)
            targets = np.arange(200) % 2
            fillers = [" ".join(rng.choice(["the", "film", "is", "🙂"], rng.integers(0, 15))) for _ in targets]
            texts = [f"{a} {('bad', 'good')[t]} {b}" for a, b, t in zip(fillers, fillers[::-1], targets, strict=True)]
            texts[:4] = ["", "...", "", "?"]
            return Examples(np.array(texts, object), targets, ("bad", "good"))

    yield
    datasets.unregister("moods")


@pytest.fixture(autouse=True)
def small_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several executions an epoch, whatever the speed of the machine."""
    monkeypatch.setattr(session, "FIRST_EXECUTION_STEPS", 2)
    monkeypatch.setattr(session, "_MAX_EXECUTION_STEPS", 2)
    monkeypatch.setattr(session, "_EXECUTION_SECONDS", 10.0)
    monkeypatch.setattr(pipeline, "_EVALUATION_BATCH", 16)
    monkeypatch.setattr(pipeline, "_BUCKET_BATCHES", 4)
    monkeypatch.setattr(reporting.Report, "INTERVAL_SECONDS", 0.0)


def assert_equal(store: Store, one: Run, other: Run) -> None:
    """The same weights and the same learning curve."""
    assert (one.state, other.state) == (RunState.COMPLETED, RunState.COMPLETED)
    assert one.result["weights_sha256"] == other.result["weights_sha256"]
    assert store.metrics.history(one.id) == store.metrics.history(other.id)


def test_a_bag_with_empty_texts_and_words_left_out_learns_and_goes_on_exactly(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = LSTM | {"model": "bag-of-embeddings", "word_dropout": 0.3, "units": 0, "epochs": 2}
    values.pop("recurrent_dropout")
    whole = train(store, **values)
    assert np.isfinite(whole.best["val_loss"])
    assert_equal(store, whole, train_with_stops(monkeypatch, store, [3], **values))


def test_a_trained_network_answers_files_in_any_script(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = train(store, **(LSTM | {"epochs": 12, "dropout": 0.0, "recurrent_dropout": 0.0}))
    texts = {"good.txt": "a good film 🙂", "bad.txt": "The BAD film", "empty.txt": "", "chinese.txt": "春眠不覺曉"}
    for name, text in texts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "latin.txt").write_bytes("naïve".encode("latin-1"))
    assert main(["predict", str(run.id), *(str(tmp_path / name) for name in (*texts, "latin.txt")), "--json"]) == 1
    found = {row["file"]: row for row in map(json.loads, capsys.readouterr().out.splitlines())}
    assert found["good.txt"]["label"] == "good"
    assert found["bad.txt"]["label"] == "bad"
    assert found["chinese.txt"]["label"] in ("good", "bad")
    assert "not text in UTF-8" in found["latin.txt"]["error"]
    assert "does not contain any letters" in found["empty.txt"]["error"]
    described = json.loads(artifacts_of(run.id).info.read_text(encoding="utf-8"))
    assert described["labels"] == ["bad", "good"]
    alone, together = (LoadedModels().predict(run.id, files) for files in (
        [("a", b"good")], [("a", b"good"), ("b", b"bad " * 40)]
    ))  # fmt: skip
    assert alone[0].prediction is not None
    assert together[0].prediction is not None
    assert alone[0].prediction.values["probability"] == pytest.approx(
        together[0].prediction.values["probability"], abs=1e-5
    )
