"""Answers of real runs: inputs unlike the data are called so, and numbers have intervals that hold."""

import io
import json

import numpy as np
import pytest
from PIL import Image

from engine.artifacts import artifacts_of
from engine.preparation.prepare import prepare
from engine.runs import Run, RunState
from engine.sentences import from_json
from engine.serving.loaded import LoadedModels
from engine.serving.requests import Arrays, Instances
from engine.settings import settings
from engine.store import Store
from engine.tasks.contents import Classes, Value
from engine.training import fit
from engine.training.evaluate import save_model
from engine.training.network import build_network
from tests.test_stopped import Stopping
from tests.training_runs import create, train

ROWS = {"dataset": "diabetes", "model": "mlp", "units": 16, "epochs": 20, "batch_size": 32}


def png(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels.squeeze()).save(buffer, format="PNG")
    return buffer.getvalue()


def said(run: Run, pixels: np.ndarray) -> list[bool]:
    """Whether pictures (examples, ...) are called unlike the data."""
    results = LoadedModels().predict(run.id, [(f"{i}.png", png(one)) for i, one in enumerate(pixels[:60])])
    return ["unlike" in result.prediction.values for result in results if result.prediction]


def test_noise_and_blank_pictures_are_called_unlike_the_data_and_few_examples_are(store: Store) -> None:
    run = train(store, epochs=8)
    test = prepare(run.parsed().dataset).arrays("test")[0]
    rng = np.random.default_rng(0)
    assert np.mean(said(run, rng.integers(0, 256, (40, 8, 8)).astype(np.uint8))) > 0.8
    assert said(run, np.full((1, 8, 8), 255, np.uint8)) == [True]
    evaluated = artifacts_of(run.id).read_evaluation()
    assert "unlike" not in evaluated["validation"]
    found = evaluated["test"]["unlike"]
    assert found["of"] == len(test)
    assert found["flagged"] / found["of"] <= 0.06
    assert np.mean(said(run, test)) <= 0.1
    body = json.dumps({"instances": [np.full((8, 8, 1), 255).tolist()]}).encode()
    (answer,) = LoadedModels().answer(run.id, [Instances(body)])
    (entry,) = json.loads(answer)["predictions"]
    assert Classes.model_validate(entry).unlike is not None
    assert entry["unlike"]["of"] == len(prepare(run.parsed().dataset).indices("validation"))


def test_outputs_and_answers_are_those_of_the_saved_model(store: Store) -> None:
    import keras

    run = train(store, epochs=1)
    test = prepare(run.parsed().dataset).arrays("test")[0]
    model = keras.saving.load_model(artifacts_of(run.id).model, compile=False)
    expected = np.asarray(model(test))
    kept = artifacts_of(run.id).read_outcomes("test")
    assert kept is not None
    np.testing.assert_allclose(kept.outputs, expected, atol=1e-6)
    (served,) = LoadedModels().answer(run.id, [Arrays(test[:50])])
    np.testing.assert_allclose(served, expected[:50], atol=1e-6)


def test_a_stopped_run_warns_too_and_a_model_without_an_evaluation_says_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = create(store)
    with monkeypatch.context() as patch:
        patch.setattr(fit, "Reporter", Stopping)
        assert fit.train_run(store, run) is RunState.STOPPED
    files = artifacts_of(run.id)
    assert files.reliability.is_file()
    assert files.read_evaluation()["test"]["unlike"]["of"] > 0
    blank = np.zeros((1, 8, 8), np.uint8)
    models = LoadedModels()
    assert models.get(run.id).signature.reliability.reference is not None
    save_model(build_network(run.parsed(), prepare(run.parsed().dataset).info), files)
    assert not files.reliability.exists()
    assert models.get(run.id).signature.reliability.reference is None
    assert said(run, blank) == [False]


def test_what_is_learned_after_a_model_was_loaded_is_found(store: Store) -> None:
    run = train(store, epochs=1)
    path, models = artifacts_of(run.id).reliability, LoadedModels()
    kept = path.read_bytes()
    path.unlink()
    assert models.get(run.id).signature.reliability.reference is None
    path.write_bytes(kept)
    assert models.get(run.id).signature.reliability.reference is not None


@pytest.mark.parametrize("scale", ["linear", "logarithm"])
def test_a_number_has_an_interval_that_holds_on_the_test_split(store: Store, scale: str) -> None:
    run = train(store, **ROWS, target_scale=scale)
    data = prepare(run.parsed().dataset)
    inputs, targets = data.arrays("test")
    rows = [dict(zip([c.name for c in data.info.columns], map(float, row), strict=True)) for row in inputs["numbers"]]
    (answer,) = LoadedModels().answer(run.id, [Instances(json.dumps({"instances": rows}).encode())])
    entries = [Value.model_validate(entry) for entry in json.loads(answer)["predictions"]]
    assert {entry.level for entry in entries} == {0.9}
    within = [e.interval[0] <= target <= e.interval[1] for e, target in zip(entries, targets, strict=True)]
    found = artifacts_of(run.id).read_evaluation()["test"]["interval"]
    assert found == {"level": 0.9, "within": sum(within), "of": len(targets)}
    assert 0.75 < np.mean(within) < 0.99
    widths = {round(e.interval[1] - e.interval[0], 3) for e in entries}
    assert (len(widths) == 1) == (scale == "linear")
    assert all(e.interval[0] < e.value < e.interval[1] for e in entries)


def test_a_small_validation_split_gives_no_interval_and_the_evaluation_says_why(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAINYARD_INTERVAL_LEVEL", "0.95")
    settings.cache_clear()
    run = train(store, **ROWS | {"epochs": 1}, validation_fraction=0.05, test_fraction=0.5)
    found = artifacts_of(run.id).read_evaluation()["test"]
    count = len(prepare(run.parsed().dataset).indices("validation"))
    assert from_json(found["interval"]["problem"]) == (
        f"There are no intervals: the validation split has {count} examples, and an interval of 95% takes at least 19."
    )
    assert "unlike" not in found
    row = {column.name: 0.0 for column in prepare(run.parsed().dataset).info.columns}
    (answer,) = LoadedModels().answer(run.id, [Instances(json.dumps({"instances": [row]}).encode())])
    assert not {"interval", "level", "unlike"} & set(json.loads(answer)["predictions"][0])
