"""Networks for tables: odd columns, gaps and unseen values; saved ones predict the same from raw rows; runs resume exactly."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from engine.artifacts import artifacts_of
from engine.data_info import Column, DataInfo
from engine.datasets.base import datasets
from engine.errors import TrainyardError
from engine.modalities.table.columns import learn_columns
from engine.modalities.table.rows import category_values, equal_rows, make_rows
from engine.models.base import models
from engine.preparation.prepare import prepare
from engine.runs import RunSpec
from engine.settings import settings
from engine.store import Store
from engine.tasks.regression import skewed
from engine.tasks.tabular import TabularRegression
from engine.training import session
from engine.training.network import Network, build_network
from engine.training.reporting import Report
from engine.training.tensors import as_tensors
from tests.extremes import all_at_one_end
from tests.tiny import NETWORKS, TINY
from tests.training_runs import train

TABLE_MODELS = [name for name in NETWORKS if "table" in models[name].modalities]
TABLES = [name for name in datasets if datasets[name].tasks[0].startswith("tabular")]
NUMBERS = ("far away", 'tiny "quoted"', "all missing", "constant", "some missing 🙂", "огромный")
CATEGORIES = ("few", "many", "[other]", "\u200b words, 春")
NOTHING = np.empty(0)
"""Inputs that a task does not look at."""
COLUMNS = (*(Column(name, "number") for name in NUMBERS), *(Column(name, "category") for name in CATEGORIES))
ROWS = 300
SMALL = {"dataset": "penguins", "model": "mlp", "epochs": 3, "batch_size": 32, "patience": 0, "deterministic": True}


def odd_rows() -> np.ndarray:
    """All that a column can be at its worst."""
    rng = np.random.default_rng(0)
    numbers = np.stack(
        [
            rng.normal(1.7e9, 1e5, ROWS),
            rng.normal(0, 1e-9, ROWS),
            np.full(ROWS, np.nan),
            np.full(ROWS, 3.3),
            np.where(rng.random(ROWS) < 0.3, np.nan, rng.normal(size=ROWS)),
            rng.normal(0, 1e30, ROWS),
        ],
        axis=1,
    )
    words = [rng.choice(["a", "b", ""], ROWS), [f"v{i}" for i in range(ROWS)], ["[other]"] * ROWS]
    odd = rng.choice(["Ω \"'", "🙂 x", "[UNK]", " "], ROWS)
    return make_rows(numbers, np.stack([np.array(column, object) for column in (*words, odd)], axis=1))


def odd_network(name: str, task: str = "tabular-classification", **values: Any) -> tuple[Network, DataInfo]:
    """A network for odd rows, which has learned from them."""
    labels = ("no", "yes") if task == "tabular-classification" else ()
    info = DataInfo((), labels, COLUMNS, "" if labels else "price in €", modality="table")
    dataset = "penguins" if labels else "diabetes"
    spec = RunSpec.build({"dataset": dataset, "model": name, **values})
    learned = spec.model.learn(odd_rows(), info) | {"targets": spec.task.learn(NOTHING, np.array([5e5, 7e5]), info)}
    info = replace(info, learned=json.loads(json.dumps(learned)))
    return build_network(spec, info), info


def said(network: Network, rows: np.ndarray) -> np.ndarray:
    """Return what people see."""
    return np.asarray(network.saved.predict(as_tensors(rows), verbose=0))


@pytest.fixture(autouse=True)
def _anew() -> Iterator[None]:
    yield
    keras.backend.clear_session()
    settings.cache_clear()


# -- what a network sees of a row --------------------------------------------------------------------------------------


def test_numbers_of_any_size_are_scaled_and_constants_and_gaps_are_zero() -> None:
    network, _ = odd_network("mlp")
    assert network.features is not None
    seen = np.asarray(network.features.predict(as_tensors(odd_rows()), verbose=0))
    assert np.isfinite(seen).all()
    deviation = seen.std(axis=0)
    assert deviation[[0, 1, 5]] == pytest.approx(1.0, abs=1e-3)
    assert 0.5 < deviation[4] < 1.0
    assert not seen[:, [2, 3]].any()
    gaps = np.isnan(odd_rows()["numbers"])[:, [2, 4]]
    assert np.array_equal(seen[:, 6:8], gaps)


def test_the_vocabulary_is_bounded_and_rare_values_share_one_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINYARD_MAX_CATEGORY_VALUES", "10")
    settings.cache_clear()
    network, info = odd_network("mlp")
    assert [len(values) for values in info.learned["categories"]] == [3, 10, 1, 4]
    assert info.learned["rare"] == [False, True, False, False]
    assert network.features is not None
    assert network.features.output_shape[1] == 6 + 2 + 3 + (10 + 1) + 2 + 4
    places = np.asarray(network.features.predict(as_tensors(odd_rows()), verbose=0))[:, 11:22]
    assert places[:, 0].sum() == ROWS - 10


@pytest.mark.parametrize("name", TABLE_MODELS)
def test_what_training_has_not_seen_has_no_untrained_weight(name: str) -> None:
    """An unseen category, and a gap where training had none, leave the row as if nothing were known of it."""
    numbers, rows = np.array([[1.0], [2.0], [3.0]]), np.array([["a"], ["b"], ["a"]], object)
    info = DataInfo((), ("no", "yes"), (Column("n", "number"), Column("c", "category")), modality="table")
    spec = RunSpec.build({"dataset": "penguins", "model": name})
    learned = spec.model.learn(make_rows(numbers, rows), info)
    network = build_network(spec, replace(info, learned=learned))
    assert network.features is not None
    seen = network.features.predict(
        as_tensors(make_rows(np.array([[np.nan]]), np.array([["zebra"]], object))), verbose=0
    )
    assert not np.asarray(seen).any()


def test_the_mean_of_a_column_with_gaps_is_that_of_what_is_there() -> None:
    rows = make_rows(np.array([[1.0, 5.0], [np.nan, 7.0], [3.0, np.inf]]), None)
    learned = learn_columns(rows)
    assert learned == {"mean": [2.0, 6.0], "deviation": [1.0, 1.0], "gaps": [0, 1]}


# -- what every model for tables keeps to ------------------------------------------------------------------------------


def test_saved_networks_say_the_same_in_a_bare_process(tmp_path: Path) -> None:
    rows = odd_rows()
    (tmp_path / "words.json").write_text(json.dumps(rows["categories"].tolist()))
    kinds = [(name, task) for name in TABLE_MODELS for task in ("tabular-classification", "tabular-regression")]
    for name, task in kinds:
        network, _ = odd_network(name, task)
        expected = said(network, rows)
        assert np.isfinite(expected).all()
        network.saved.save(tmp_path / f"{name}.{task}.keras")
        np.savez(tmp_path / f"{name}.{task}.npz", numbers=rows["numbers"], expected=expected)
    script = """
import json, pathlib, sys, keras, numpy as np, tensorflow as tf
words = tf.constant(json.load(open("words.json")))
for path in sorted(pathlib.Path().glob("*.keras")):
    model = keras.saving.load_model(path, compile=False, safe_mode=True)
    found = np.load(path.with_suffix(".npz"))
    outputs = np.asarray(model({"numbers": tf.constant(found["numbers"]), "categories": words}))
    scale = np.abs(found["expected"]).max()
    assert np.abs(outputs - found["expected"]).max() <= 1e-5 * max(1.0, scale), path
    print(path.stem)
assert not [name for name in sys.modules if name.startswith("engine")]
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.split() == sorted(f"{name}.{task}" for name, task in kinds)


@pytest.mark.parametrize("name", TABLE_MODELS)
def test_it_builds_at_the_ends_of_every_range_and_gradients_reach_all_weights(name: str) -> None:
    for end in (0, -1):
        network, _ = odd_network(name, **all_at_one_end(models[name].hyperparameters(), end))
        assert network.saved.output_shape == (None, 2)
        keras.backend.clear_session()
    import tensorflow as tf

    network, _ = odd_network(name)
    assert network.features is not None
    features = network.features.predict(as_tensors(odd_rows()), verbose=0)
    with tf.GradientTape() as tape:
        scores = network.trained(features, training=True)
        loss = tf.reduce_mean(tf.square(scores - 1.0))
    gradients = tape.gradient(loss, network.trained.trainable_variables)
    assert all(gradient is not None for gradient in gradients)


@pytest.mark.parametrize("name", TABLE_MODELS)
def test_the_same_seed_gives_the_same_network(name: str) -> None:
    first, again, other = (odd_network(name, seed=seed)[0] for seed in (0, 0, 1))
    assert np.array_equal(said(first, odd_rows()), said(again, odd_rows()))
    assert not np.array_equal(said(first, odd_rows()), said(other, odd_rows()))


# -- datasets ----------------------------------------------------------------------------------------------------------


def test_equal_rows_share_a_group() -> None:
    rows = make_rows(
        np.array([[1.0], [np.nan], [1.0], [np.nan], [1.0]]), np.array([["a"], ["b"], ["a"], ["b"], ["c"]], object)
    )
    assert equal_rows(rows).tolist() == [0, 1, 0, 1, 4]


@pytest.mark.parametrize("name", [name for name in TABLES if name != "titanic" and datasets[name].ready()])
def test_no_row_of_the_test_split_is_one_of_training(name: str, home: Path) -> None:
    prepared = prepare(datasets[name]())
    groups = equal_rows(prepared.inputs[np.arange(len(prepared.inputs))])
    train_rows, test_rows = (set(groups[prepared.indices(split)].tolist()) for split in ("train", "test"))
    assert not train_rows & test_rows


def test_categories_are_named_by_frequency_and_without_gaps() -> None:
    assert category_values(np.array(["b", "a", "", "a", "c", "b", "a"], object)) == ("a", "b", "c")


def test_vendored_tables_have_their_gaps() -> None:
    penguins, titanic = datasets["penguins"]().load(), datasets["titanic"]().load()
    assert np.isnan(penguins.inputs["numbers"]).sum() == 8
    assert (penguins.inputs["categories"] == "").sum() == 11
    assert np.isnan(titanic.inputs["numbers"]).sum() == 557
    assert (titanic.inputs["categories"][:, 0] == "").sum() == 1
    assert titanic.labels == ("died", "survived")
    assert np.bincount(titanic.targets).tolist() == [863, 450]


# -- runs --------------------------------------------------------------------------------------------------------------


def test_a_classification_is_evaluated_by_what_a_dozen_rows_can_tell(store: Store) -> None:
    run = train(store, **SMALL)
    assert run.best["val_cross_entropy"] == min(store.metrics.history(run.id)["val_cross_entropy"])
    assert run.result["validation_cross_entropy"] == pytest.approx(run.best["val_cross_entropy"], abs=1e-4)


def test_a_regression_is_in_the_unit_of_its_target(store: Store) -> None:
    values = SMALL | {"dataset": "diabetes", "epochs": 20, "learning_rate": 0.01}
    run = train(store, **values)
    assert run.result["test_r2"] > 0.2
    assert 30 < run.result["test_mae"] < run.result["test_rmse"] < 90
    evaluated = artifacts_of(run.id).read_evaluation()["test"]
    true, predicted = (np.array(evaluated["residuals"][side]) for side in ("true", "predicted"))
    assert len(true) == 66
    assert np.sqrt(np.mean((true - predicted) ** 2)) == pytest.approx(run.result["test_rmse"], rel=1e-3)


def test_a_skewed_target_is_learned_by_its_logarithm_and_evaluated_in_its_unit(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(datasets, "_entries", {name: datasets[name] for name in datasets})
    datasets.register("tiny-prices")(TINY["tiny-prices"])
    run = train(
        store, **SMALL | {"dataset": "tiny-prices", "task": "tabular-regression", "epochs": 20, "learning_rate": 0.01}
    )
    info = artifacts_of(run.id).read_info()
    assert info is not None
    assert info.target_range is not None
    least, largest = info.target_range
    assert 10_000 < least < 20_000 < 200_000 < largest
    assert run.result["test_r2"] > 0.5
    assert 1_000 < run.result["test_mae"] < run.result["test_rmse"] < largest / 4
    evaluated = artifacts_of(run.id).read_evaluation()["test"]
    true, predicted = (np.array(evaluated["residuals"][side]) for side in ("true", "predicted"))
    assert np.sqrt(np.mean((true - predicted) ** 2)) == pytest.approx(run.result["test_rmse"], rel=1e-3)
    assert predicted.min() > 0


def test_only_a_skewed_target_above_zero_counts_by_its_logarithm_unless_somebody_says_so() -> None:
    rng = np.random.default_rng(0)
    prices, even, zeros = np.exp(rng.normal(11, 1, 500)), rng.normal(100, 10, 500), rng.exponential(1, 500).round()
    auto = TabularRegression()
    assert [
        bool(auto.learn(NOTHING, targets, DataInfo(()))["mean"] == targets.mean()) for targets in (prices, even, zeros)
    ] == [
        False,
        True,
        True,
    ]
    assert "logarithm" not in TabularRegression(target_scale="linear").learn(NOTHING, prices, DataInfo(()))
    assert TabularRegression(target_scale="logarithm").learn(NOTHING, even, DataInfo(()))["mean"] == pytest.approx(
        np.log(100), abs=0.1
    )
    with pytest.raises(TrainyardError, match="have no logarithm"):
        TabularRegression(target_scale="logarithm").learn(NOTHING, zeros, DataInfo((), target="rain"))


def test_the_embedded_regression_keeps_its_scale(home: Path) -> None:
    data = prepare(datasets["diabetes"]())
    assert not skewed(data.targets[data.indices("train")])


def test_a_run_from_before_there_was_a_scale_keeps_the_unit_of_its_target() -> None:
    record = RunSpec.build({"dataset": "diabetes"}).to_dict()
    del record["task"]["target_scale"]
    assert RunSpec.from_dict(record).task == TabularRegression(target_scale="linear")


def test_metrics_that_are_no_means_have_no_value_for_a_few_steps(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Report, "INTERVAL_SECONDS", 0.0)
    run = train(store, **(SMALL | {"dataset": "diabetes"}))
    steps = {p.name for p in store.metrics.read(run.id) if (p.split, p.scope) == ("train", "step")}
    assert {"loss", "mae"} <= steps
    assert not {"r2", "rmse"} & steps


def test_a_short_epoch_becomes_one_execution(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first step of a run traces a graph for seconds: it does not count as the speed of the others."""
    asked = []
    measured = session.execution_steps
    monkeypatch.setattr(session, "execution_steps", lambda speed, steps: asked.append(speed) or measured(speed, steps))
    run = train(store, **SMALL)
    first = next(p for p in store.metrics.read(run.id) if p.name == "examples_per_second")
    assert first.value is not None
    assert asked[0] > 2 * first.value / 32


def test_short_epochs_still_show_their_speed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Report, "INTERVAL_SECONDS", 1e-9)
    run = train(store, **(SMALL | {"epochs": 5}))
    epochs = {int(p.epoch) for p in store.metrics.read(run.id) if p.name == "examples_per_second"}
    assert epochs >= {1, 2, 3, 4, 5}
