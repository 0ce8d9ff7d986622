"""Predictions of a run that is still training: from its newest checkpoint, and in the end from its model."""

import io
import shutil
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engine.artifacts import artifacts_of
from engine.preparation.prepare import prepare
from engine.runs import Run, RunSpec, RunState
from engine.serving.loaded import LoadedModels
from engine.serving.requests import Arrays
from engine.store import Store
from engine.training.checkpoint import Position, load_weights
from engine.training.network import build_network, compile_network, create_variables
from tests.checkpoints import save_checkpoint
from tests.training_runs import RANDOM, SMALL, create, train

# Keras writes weights through h5py in a way that NumPy 2 will not allow one day
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")


def running(store: Store, like: Run) -> Run:
    """A run that trains as `like` did, and is as far."""
    spec = RunSpec.from_dict(like.spec)
    run = store.runs.create(spec, slot="cpu-0")
    shutil.copytree(artifacts_of(like.id).folder, artifacts_of(run.id).folder)
    artifacts_of(run.id).model.unlink()
    return run


def outputs(models: LoadedModels, run: Run) -> np.ndarray:
    inputs, _ = prepare(run.parsed().dataset).arrays("test")
    (found,) = models.answer(run.id, [Arrays(inputs[:5])])
    assert isinstance(found, np.ndarray), found
    return found


@pytest.mark.parametrize(
    "values", [{"dropout": 0.3}, RANDOM, {"dataset": "iris", "batch_size": 16}], ids=["plain", "augmented", "frozen"]
)
def test_the_checkpoint_answers_as_the_model_of_its_best_epoch_would(store: Store, values: dict[str, Any]) -> None:
    ended = train(store, **values)
    models = LoadedModels()
    live = running(store, ended)
    np.testing.assert_allclose(outputs(models, live), outputs(models, ended), rtol=1e-5, atol=1e-6)
    assert models.get(live.id).signature.epoch == ended.result["best_epoch"]
    assert models.get(ended.id).signature.epoch is None


def test_a_newer_checkpoint_takes_its_place_and_the_model_in_the_end(store: Store) -> None:
    first, second = train(store, epochs=1), train(store, epochs=1, seed=1)
    models, live = LoadedModels(), running(store, first)
    before = outputs(models, live)
    network = models.get(live.id).trained
    shutil.copy(artifacts_of(second.id).checkpoint, artifacts_of(live.id).checkpoint)
    np.testing.assert_allclose(outputs(models, live), outputs(models, second), rtol=1e-5, atol=1e-6)
    assert models.get(live.id).trained is network  # only its weights were read
    store.attempts.end(live, RunState.COMPLETED)
    shutil.copy(artifacts_of(first.id).model, artifacts_of(live.id).model)
    np.testing.assert_allclose(outputs(models, live), before, rtol=1e-5, atol=1e-6)
    assert models.get(live.id).signature.epoch is None


def test_a_result_of_a_file_tells_the_epoch(store: Store) -> None:
    live = running(store, train(store, epochs=1))
    buffer = io.BytesIO()
    Image.new("L", (8, 8)).save(buffer, format="PNG")
    (result,) = LoadedModels().predict(live.id, [("a.png", buffer.getvalue())])
    assert result.epoch == 1


def test_an_older_model_waits_behind_the_checkpoint_of_a_resumed_run_only_while_that_is_live(store: Store) -> None:
    first, second = train(store, epochs=1), train(store, epochs=1, seed=1)
    models = LoadedModels()
    live = running(store, second)
    shutil.copy2(artifacts_of(first.id).model, artifacts_of(live.id).model)  # with its time, which is older
    np.testing.assert_allclose(outputs(models, live), outputs(models, second), rtol=1e-5, atol=1e-6)
    store.attempts.end(live, RunState.FAILED, "It broke.")
    np.testing.assert_allclose(outputs(models, live), outputs(models, first), rtol=1e-5, atol=1e-6)


def test_before_an_epoch_has_ended_the_newest_weights_are_taken(store: Store) -> None:
    spec = create(store, **RANDOM).parsed()
    info = prepare(spec.dataset).info
    network = build_network(spec, info)
    compile_network(network, spec, info, 10, gpu=False)
    targets = spec.task.encode_targets(np.zeros(1, np.int64), info)
    create_variables(network.trained, (np.zeros((1, *info.shape), np.float32), targets))
    path = artifacts_of(1).checkpoint
    save_checkpoint(path, network.trained, Position(step=3), [], None)
    other = build_network(RunSpec.build(SMALL | RANDOM | {"seed": 5}), info)
    position = load_weights(path, other.trained)
    assert position == Position(step=3)
    for found, expected in zip(other.trained.variables, network.trained.variables, strict=True):
        np.testing.assert_array_equal(np.asarray(found), np.asarray(expected))
