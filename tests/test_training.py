"""Training as a whole: the files of a run, the epoch it keeps, and how it fails."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from engine.artifacts import artifacts_of
from engine.data_info import DataInfo
from engine.models.mlp import Mlp
from engine.optimizers import optimizers
from engine.preparation.prepare import prepare
from engine.runs import RunSpec, RunState
from engine.store import Store
from engine.studies import Search, StudySpec
from engine.tasks.graph import Tensors
from engine.training import fit, pipeline, reporting, session
from engine.training.checkpoint import load_weights
from engine.training.features import frozen_features, learn
from engine.training.network import Network, build_network, compile_network, create_variables
from engine.training.reporter import RunLost
from engine.worker import work
from tests.training_runs import RANDOM, SMALL, create, stopping_at, train

PREDICT = """
import json, sys
import keras, numpy as np
assert not any(name.startswith("engine") for name in sys.modules)
model = keras.saving.load_model(sys.argv[1], safe_mode=True)
np.save(sys.argv[3], np.asarray(model(np.load(sys.argv[2]))))
"""


def test_a_completed_run_leaves_a_model_that_loads_anywhere_and_figures_that_it_confirms(
    store: Store, tmp_path: Path
) -> None:
    run = train(store, epochs=2, **RANDOM)
    files = artifacts_of(run.id)
    data = prepare(run.parsed().dataset)
    inputs, targets = data.arrays("test")
    np.save(tmp_path / "in.npy", inputs)
    command = [sys.executable, "-c", PREDICT, str(files.model), str(tmp_path / "in.npy"), str(tmp_path / "out.npy")]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=120)
    there = np.load(tmp_path / "out.npy")
    here = np.asarray(keras.saving.load_model(files.model)(inputs))
    np.testing.assert_allclose(there, here, atol=1e-5)
    np.testing.assert_allclose(there.sum(axis=1), 1, atol=1e-5)
    accuracy = float((there.argmax(axis=1) == targets).mean())
    assert accuracy == pytest.approx(run.result["test_accuracy"])
    found = json.loads(files.evaluation.read_text())
    assert found["test"]["metrics"]["accuracy"] == run.result["test_accuracy"]
    assert np.trace(found["test"]["confusion_matrix"]) / len(targets) == pytest.approx(accuracy)
    assert (run.state, run.epoch, run.step, run.total_steps) == (RunState.COMPLETED, 2, 44, 44)
    assert run.result["num_train_examples"] == len(data.indices("train"))
    assert run.environment["dataset_hash"] == data.content_hash


def test_a_trial_is_evaluated_on_validation_alone_and_leaves_a_checkpoint_with_its_best_weights(store: Store) -> None:
    study = store.studies.create(StudySpec.build(SMALL, {"units": None}, ("quality", "latency"), Search(pruner="none")))
    made = store.studies.create_trial(study.id, 0, RunSpec.build(SMALL))
    assert made is not None
    run = store.attempts.claim("cpu-0", made.id)
    assert run is not None
    assert fit.train_run(store, run) is RunState.COMPLETED
    ended = store.runs.get(run.id)
    assert (ended.study_id, ended.trial) == (study.id, 0)
    assert 0 < ended.result["latency_ms"] < 1000
    assert not [name for name in ended.result if name.startswith(("test_", "validation_", "baseline_"))]
    files = artifacts_of(run.id)
    assert {path.name for path in files.folder.iterdir()} == {"checkpoint.npz", "info.json"}
    network = build_network(run.parsed(), prepare(run.parsed().dataset).info)
    load_weights(files.checkpoint, network.core)
    values = b"".join(np.ascontiguousarray(value).tobytes() for value in network.core.get_weights())
    assert hashlib.sha256(values).hexdigest() == ended.result["weights_sha256"]
    assert ended.result["weights_sha256"] == train(store).result["weights_sha256"]


def test_a_completed_run_keeps_what_became_of_each_example(store: Store) -> None:
    run = train(store, epochs=2)
    data = prepare(run.parsed().dataset)
    for split in ("validation", "test"):
        kept = artifacts_of(run.id).read_outcomes(split)
        assert kept is not None
        assert kept.outputs.dtype == np.float32
        np.testing.assert_array_equal(kept.positions, data.indices(split))
        np.testing.assert_array_equal(kept.targets, data.targets[kept.positions])
        accuracy = (kept.outputs.argmax(axis=1) == kept.targets).mean()
        assert accuracy == pytest.approx(run.result[f"{split}_accuracy"])
    assert artifacts_of(run.id).read_outcomes("train") is None


def test_the_model_has_the_weights_of_the_best_epoch(store: Store) -> None:
    run = train(store, epochs=8, learning_rate=0.3, optimizer="rmsprop")  # so high that later epochs are worse
    history = store.metrics.history(run.id)["val_accuracy"]
    best = int(np.argmax(np.asarray(history)))
    assert best < len(history) - 1, "the last epoch is the best: the test shows nothing"
    assert run.best["epoch"] == run.result["best_epoch"] == best + 1
    assert run.best["val_accuracy"] == history[best]
    inputs, targets = prepare(run.parsed().dataset).arrays("validation")
    model = keras.saving.load_model(artifacts_of(run.id).model)
    accuracy = (np.asarray(model(inputs)).argmax(axis=1) == targets).mean()
    assert accuracy == pytest.approx(history[best], abs=1e-6)


def test_training_stops_early_with_patience_and_never_without(store: Store) -> None:
    values = {"epochs": 8, "learning_rate": 0.3, "optimizer": "rmsprop"}
    stopped = train(store, patience=1, **values)
    assert stopped.state is RunState.COMPLETED
    assert stopped.epoch < 8
    assert stopped.message == f"Stopped early after epoch {stopped.epoch}: no better result for 1 epochs."
    assert len(store.metrics.history(stopped.id)["loss"]) == stopped.epoch
    whole = train(store, patience=0, **values)
    assert (whole.epoch, whole.message) == (8, "")


def test_a_loss_that_is_no_number_fails_the_run_with_a_sentence(store: Store) -> None:
    class Diverging(keras.callbacks.Callback):
        def on_train_begin(self, logs: Any = None) -> None:
            self.model.optimizer.learning_rate = 1e30

    run = create(store, optimizer="sgd", learning_rate=0.5)
    assert work(store, run, [Diverging()]) == 1
    failed = store.runs.get(run.id)
    assert failed.state is RunState.FAILED
    assert "loss became" in failed.message
    assert "Lower the learning rate (it was 0.5; try 0.05)" in failed.message
    assert all(p.value is not None and np.isfinite(p.value) for p in store.metrics.read(run.id))


@pytest.mark.parametrize(
    "values",
    [
        {"loss": "cross-entropy", "label_smoothing": 0.1, "class_weights": True},
        {"loss": "mean-squared-error", "mixed_precision": True},
        {"loss": "hinge", "batch_normalisation": True, "l1": 0.001, "l2": 0.001},
    ],
    ids=lambda values: values["loss"],
)
def test_every_loss_learns(store: Store, values: dict[str, Any]) -> None:
    run = train(store, **values, epochs=4, learning_rate=0.01, units=32)
    assert run.state is RunState.COMPLETED
    assert run.result["test_accuracy"] > 0.6
    assert keras.config.dtype_policy().name == "float32"


def test_class_weights_make_every_class_count_alike() -> None:
    task = RunSpec.build(SMALL | {"class_weights": True}).task
    info = prepare_info()
    weights = task.class_weight(np.array([0] * 6 + [1] * 3 + [2]), info)
    assert weights is not None
    assert weights[0] * 6 == pytest.approx(weights[1] * 3) == pytest.approx(weights[2])


def prepare_info() -> Any:
    """Three classes of tiny images."""
    from engine.data_info import DataInfo

    return DataInfo((2, 2, 1), ("a", "b", "c"))


def test_a_run_that_asks_for_a_gpu_where_there_is_none_says_so(store: Store) -> None:
    if keras.backend.backend() != "tensorflow" or _gpus():
        pytest.skip("there is a GPU")
    run = create(store, device="gpu")
    assert work(store, run) == 1
    assert "'gpu', but TensorFlow does not find a GPU here" in store.runs.get(run.id).message


def _gpus() -> list[Any]:
    import tensorflow as tf

    return list(tf.config.list_physical_devices("GPU"))


def test_a_canceled_run_keeps_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    run = create(store)
    monkeypatch.setattr(fit, "Reporter", stopping_at(3, RunState.CANCELED))
    assert fit.train_run(store, run) is RunState.CANCELED
    assert list(artifacts_of(run.id).folder.iterdir()) == []
    assert store.runs.get(run.id).result == {}


def test_a_worker_that_has_lost_its_run_touches_neither_its_files_nor_its_state(store: Store) -> None:
    run = create(store, epochs=200)
    files = artifacts_of(run.id)
    files.folder.mkdir(parents=True)
    others = {files.model: b"model of the next attempt", files.evaluation: b"{}"}
    for path, content in others.items():
        path.write_bytes(content)

    class GivenAway(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            if epoch == 0:
                assert store.attempts.requeue(run, "again")
                assert store.attempts.claim("cpu-1", run.id)

    with pytest.raises(RunLost):
        fit.train_run(store, run, [GivenAway()])
    assert {path: path.read_bytes() for path in others} == others
    now = store.runs.get(run.id)
    assert (now.state, now.attempt) == (RunState.RUNNING, 2)


@pytest.mark.parametrize("name", sorted(optimizers))
def test_the_training_step_is_traced_once(name: str) -> None:
    spec = RunSpec.build(SMALL | {"optimizer": name, "clip_norm": 1.0})
    info = DataInfo((8, 8, 1), ("0", "1"))
    model = build_network(spec, info).trained
    compile_network(
        Network(model, model, model, Tensors(*[model.input] * 3, *[model.output] * 2)), spec, info, 10, gpu=False
    )
    create_variables(model, (np.zeros((1, 8, 8, 1), np.float32), spec.task.encode_targets(np.array([0]), info)))
    traced, step = [], model.train_step
    model.train_step = lambda data: traced.append(data) or step(data)
    batches = pipeline.Batches(np.zeros((16, 8, 8, 1), np.uint8), np.arange(16) % 2, spec, info)
    model.fit(batches.dataset(), epochs=2, shuffle=False, verbose=0)
    assert len(traced) == 1


@pytest.mark.parametrize("steps", [1, 8])
def test_validation_sees_every_example_whatever_the_number_of_steps_in_one_execution(
    store: Store, monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    monkeypatch.setattr(session, "FIRST_EXECUTION_STEPS", steps)
    monkeypatch.setattr(pipeline, "_EVALUATION_BATCH", 8)  # 20 batches, more than one execution at first
    run = train(store, epochs=3, learning_rate=0.01)
    inputs, targets = prepare(run.parsed().dataset).arrays("validation")
    model = keras.saving.load_model(artifacts_of(run.id).model)
    accuracy = (np.asarray(model(inputs)).argmax(axis=1) == targets).mean()
    assert run.best["val_accuracy"] == pytest.approx(accuracy, abs=1e-6)


def test_step_values_are_means_over_the_time_since_the_last_ones(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "FIRST_EXECUTION_STEPS", 2)
    monkeypatch.setattr(reporting.Report, "INTERVAL_SECONDS", 0.0)
    run = train(store, epochs=1, batch_size=125)  # 11 steps of 125 examples: all alike
    losses = [p for p in store.metrics.read(run.id) if (p.split, p.scope, p.name) == ("train", "step", "loss")]
    steps = np.diff([0, *(p.step for p in losses)])
    assert len(losses) == 6
    mean = np.average([p.value for p in losses if p.value is not None], weights=steps)
    assert mean == pytest.approx(store.metrics.history(run.id)["loss"][0], rel=1e-4)


def test_a_model_learns_from_the_training_split_once_for_each_dataset_and_setting(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def mean(self: Mlp, inputs: np.ndarray, info: DataInfo) -> dict[str, Any]:
        seen.append(len(inputs))
        return {"mean": float(inputs.mean())}

    monkeypatch.setattr(Mlp, "learn", mean)
    spec = RunSpec.build(SMALL)
    data = prepare(spec.dataset)
    train_inputs, _ = data.arrays("train")
    assert learn(spec, data).learned == learn(spec, data).learned == {"mean": pytest.approx(train_inputs.mean())}
    learn(RunSpec.build(SMALL | {"units": 8}), data)
    assert seen == [len(train_inputs)] * 2


def test_for_a_model_that_learns_nothing_the_data_is_not_read(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = RunSpec.build(SMALL)
    data = prepare(spec.dataset)
    monkeypatch.delattr(type(data), "arrays")
    assert learn(spec, data).learned == {}


@pytest.mark.slow
def test_frozen_features_give_what_the_whole_network_gives(home: Path) -> None:
    spec = RunSpec.build({"dataset": "stamps", "model": "efficientnet-lite0"})
    data = prepare(spec.dataset)
    network = build_network(spec, data.info)
    assert network.features is not None
    features, _ = frozen_features(network, spec, data, "validation")
    inputs, _ = data.arrays("validation")
    one, other = np.asarray(network.trained(features[:32])), np.asarray(network.core(inputs[:32]))
    np.testing.assert_allclose(one, other, atol=1e-4)
    again, _ = frozen_features(network, spec, data, "validation")
    np.testing.assert_array_equal(features, again)
