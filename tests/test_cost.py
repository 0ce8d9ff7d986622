"""The estimated cost of a run: counted by hand where possible, and never nonsense for any model."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import pytest
from keras import layers
from sqlalchemy import update

from engine.cost import Cost, Room, estimate
from engine.cost.duration import IDENTICAL, LIKE, OTHER, SAME, Duration
from engine.cost.facts import NetworkFacts
from engine.cost.memory import BASE_BYTES, estimate_memory, find_room
from engine.models.base import models
from engine.runs import RunSpec, RunState
from engine.serving.networks import describe_network
from engine.settings import settings
from engine.store import Store
from engine.store.schema import runs
from engine.training.operations import count_flops, count_kept
from tests.tiny import NETWORKS, small_set

pytestmark = pytest.mark.usefixtures("kept_preparations")
FACTS = NetworkFacts(1_000_000, 1_000_000, 2, 2_000_000, 0, 50_000, 10_000, 1_000, 1_000_000)


def spec_of(**values: Any) -> RunSpec:
    """The default run on digits but for `values`."""
    return RunSpec.build({"dataset": "digits", "model": "mlp"} | values)


# -- counting ----------------------------------------------------------------------------------------------------------


def test_operations_of_dense_layers_are_those_counted_by_hand() -> None:
    start = keras.Input((8,))
    hidden = layers.Activation("relu")(layers.Dense(4)(start))
    model = keras.Model(start, layers.Dense(2, activation="sigmoid", use_bias=False)(layers.Dropout(0.5)(hidden)))
    assert count_flops(model) == (2 * 8 * 4 + 4) + 4 + (2 * 4 * 2 + 2)


def test_operations_of_convolutions_are_those_counted_by_hand() -> None:
    start = keras.Input((6, 6, 3))
    x = layers.Conv2D(5, 3, padding="same")(start)
    x = layers.DepthwiseConv2D(3, use_bias=False)(layers.MaxPooling2D()(x))
    model = keras.Model(start, layers.GlobalAveragePooling2D()(x))
    convolution = 2 * (3 * 3 * 3 * 5) * 36 + 5 * 36
    assert count_flops(model) == convolution + 5 * 36 + 2 * (3 * 3 * 5) * 1 + 5


def test_operations_over_time_grow_with_the_length_and_those_of_attention_with_its_square() -> None:
    words = keras.Input((None, 4))
    reading = keras.Model(words, layers.GRU(3)(words))
    looking = keras.Model(words, layers.MultiHeadAttention(2, 2, use_bias=False)(words, words))
    weights = (4 + 3) * 3 * 3
    assert count_flops(reading, 20) - count_flops(reading, 10) == 10 * 2 * weights
    products = {n: 2 * 4 * (4 * 4) * n + 2 * 2 * 2 * 2 * n * n for n in (10, 20)}
    assert {n: count_flops(looking, n) for n in (10, 20)} == products


def test_networks_inside_networks_are_counted_once() -> None:
    inner = keras.Sequential([keras.Input((8,)), layers.Dense(4, use_bias=False)])
    outer = keras.Sequential([keras.Input((8,)), inner, layers.Dense(2, use_bias=False)])
    assert count_flops(outer) == 2 * 8 * 4 + 2 * 4 * 2


def test_what_the_backward_pass_needs_holds_the_scores_of_attention() -> None:
    words = keras.Input((None, 4))
    attend = layers.MultiHeadAttention(2, 3)
    keras.Model(words, attend(words, words))
    assert count_kept([attend], 10) == 10 * 4 + 2 * (2 * 10 * 10) + 4 * 6 * 10


@pytest.mark.parametrize("model", sorted(models))
def test_every_model_has_figures(model: str, home: Path) -> None:
    facts = describe_network({"dataset": small_set(model), "model": model}).facts
    assert all(math.isfinite(value) for value in vars(facts).values())
    if model in NETWORKS:
        assert min(facts.parameters, facts.trainable_parameters, facts.kept_numbers) > 0
    assert facts.flops > 0
    assert min(facts.train_examples, facts.data_bytes, facts.widest_numbers) > 0


# -- memory ------------------------------------------------------------------------------------------------------------


def test_memory_is_the_sum_of_its_parts_and_grows_with_the_batch(home: Path) -> None:
    small, large = (estimate_memory(spec_of(batch_size=size), FACTS, gpu=False) for size in (64, 512))
    assert (small.weights, small.gradients, small.optimizer) == (4_000_000, 4_000_000, 8_000_000)
    assert large.batch == 4 * 512 * 50_000
    assert large.total - large.batch == small.total - small.batch == BASE_BYTES + 16_000_000 + 2_000_000
    assert large.total > small.total


def test_a_batch_is_never_larger_than_the_data(home: Path) -> None:
    few = replace(FACTS, train_examples=100)
    assert estimate_memory(spec_of(batch_size=4096), few, gpu=False).batch == 4 * 100 * 50_000


def test_a_limit_of_the_installation_is_room_too(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert find_room("cpu").where == "machine"
    monkeypatch.setenv("TRAINYARD_WORKER_MEMORY_MB", "1")
    settings.cache_clear()
    assert (found := find_room("cpu")) == Room("limit", BASE_BYTES + 1_000_000, found.shared_bytes)
    assert found.shared_bytes > found.free_bytes


@pytest.mark.parametrize(
    ("facts", "advice"),
    [
        (replace(FACTS, kept_numbers=10**9), "a batch size below 64"),
        (replace(FACTS, parameters=10**9, trainable_parameters=10**9), "fewer units"),
        (replace(FACTS, data_bytes=3 * 10**9), "smaller images"),
    ],
    ids=["batch", "network", "data"],
)
def test_too_little_memory_is_a_warning_that_says_what_to_lower(facts: NetworkFacts, advice: str, home: Path) -> None:
    spec = spec_of(batch_size=64)
    tight = Cost(spec, facts, estimate_memory(spec, facts, gpu=False), Room("machine", 2 * 10**9), None)
    assert "this machine has 2.0 GB free" in tight.warning()
    assert advice in tight.warning()
    assert replace(tight, room=Room("machine", 10**13)).warning() == ""


# -- time --------------------------------------------------------------------------------------------------------------


def finish(
    store: Store, pace: float, whole: float = 0.0, flops: float = 2_000_000, trained: int = 0, epoch_seconds: float = 0.0,
    seconds: float = 0.0, **values: Any,
) -> None:  # fmt: skip
    """Record a completed run of `pace` examples a second, with a second beside its steps; early stopping after `trained` epochs."""
    spec = spec_of(**values)
    run = store.runs.create(spec, slot="test")
    me = {"host": "here", "pid": 1}
    store.attempts.begin(run, worker=me, environment={"device": "cpu", "flops": flops}, total_steps=1)
    epochs = trained or spec.training.epochs
    result = {"epochs": epochs, "examples_per_second": pace, "num_train_examples": 1_000, "epoch_seconds": epoch_seconds,
              "seconds": seconds}  # fmt: skip
    store.attempts.end(run, RunState.COMPLETED, "", result | {"whole_seconds": whole or 1 + epochs * 1_000 / pace})


def told(store: Store, **values: Any) -> Duration:
    """The estimate for a run, which there must be."""
    duration = estimate(store, spec_of(device="cpu", **values), FACTS).duration
    assert duration is not None
    return duration


def test_trials_that_fit_alone_and_not_together_are_a_warning(home: Path) -> None:
    spec = RunSpec.build({"dataset": "digits", "model": "mlp"})
    facts = NetworkFacts(1290, 1290, 2, 2_600_000, 0, 20, 10, 9_000, 7_056_000)
    memory = estimate_memory(spec, facts, gpu=False)
    free = round(2.5 * memory.total)
    cost = Cost(spec, facts, memory, Room("machine", free, free), None)
    assert "Let 2 train at once, or fewer." in cost.together_warning(3)
    assert cost.together_warning(2) == ""
    assert replace(cost, room=Room("gpu", free)).together_warning(3) == "", "each GPU has memory of its own"
    alone = replace(cost, room=Room("machine", memory.total - 1, memory.total - 1))
    assert (alone.warning() != "", alone.together_warning(3)) == (True, "")


def test_nobody_knows_the_time_before_a_first_run(store: Store) -> None:
    assert estimate(store, spec_of(), FACTS).duration is None


def test_a_fork_tells_nothing_since_its_parents_epochs_are_not_its_own(store: Store) -> None:
    finish(store, pace=500, epochs=10, device="cpu")
    with store.writing() as db:
        db.execute(update(runs).values(parent_id=1))
    assert estimate(store, spec_of(device="cpu"), FACTS).duration is None


@pytest.mark.parametrize(
    ("patience", "epochs", "words"),
    [
        (3, 10, "time: about 21 s (16 to 27 s), from 1 identical run"),
        (0, 20, "time: about 41 s (32 to 53 s), from 1 similar run"),
        (3, 20, "time: up to about 41 s (7 to 53 s), from 1 similar run"),
    ],
    ids=["identical", "all epochs", "early stopping"],
)
def test_a_terminal_is_told_from_which_runs(store: Store, patience: int, epochs: int, words: str) -> None:
    finish(store, pace=500, epochs=10, device="cpu", patience=3)
    assert words in estimate(store, spec_of(device="cpu", epochs=epochs, patience=patience), FACTS).lines()


def test_a_run_as_before_takes_as_long_as_before(store: Store) -> None:
    finish(store, pace=500, epochs=10, device="cpu")
    again = told(store, epochs=10, seed=7)
    assert (again.seconds, again.runs, again.likeness) == (pytest.approx(21), 1, IDENTICAL)
    assert again.low < 21 < again.high
    longer = told(store, epochs=20)
    assert (longer.seconds, longer.likeness) == (pytest.approx(41), SAME)


def test_a_run_that_early_stopping_ended_takes_as_long_again(store: Store) -> None:
    finish(store, pace=500, trained=10, epochs=100, device="cpu", patience=3)
    again = told(store, epochs=100, patience=3)
    assert (again.seconds, again.early) == (pytest.approx(21), False)
    other = told(store, epochs=50, patience=3)
    assert (other.seconds, other.early) == (pytest.approx(101), True), "nobody knows when it will stop"
    assert other.low < 9 < other.high, "which may be after four epochs"


def test_epochs_take_their_validation_along(store: Store) -> None:
    finish(store, pace=500, whole=41, epoch_seconds=4, epochs=10, device="cpu")
    assert told(store, epochs=20).seconds == pytest.approx(81)


def test_a_resumed_run_counts_with_all_its_attempts(store: Store) -> None:
    finish(store, pace=500, whole=9, seconds=20, epochs=10, device="cpu")  # as an earlier version recorded it
    with store.writing() as db:
        db.execute(update(runs).values(attempt=2))
    assert told(store, epochs=10).seconds == pytest.approx(20)
    assert told(store, epochs=20).seconds == pytest.approx(40)


def test_more_operations_take_longer_and_larger_batches_do_not(store: Store) -> None:
    finish(store, pace=500, epochs=10, units=64)
    alike = told(store, epochs=10)
    assert alike.likeness == LIKE
    heavy = replace(FACTS, flops=200_000_000)
    duration = estimate(store, spec_of(device="cpu", epochs=10), heavy).duration
    assert duration is not None
    assert duration.seconds > 10 * alike.seconds
    assert told(store, epochs=10, batch_size=512).seconds < alike.seconds


def test_many_runs_narrow_the_range_and_one_odd_one_does_not_move_it(store: Store) -> None:
    finish(store, pace=500, epochs=10, units=64)
    one = told(store, epochs=10)
    for pace in (480, 490, 510, 520):
        finish(store, pace=pace, epochs=10, units=64)
    finish(store, pace=20, epochs=10, units=64)
    many = told(store, epochs=10)
    assert many.runs == 6
    assert many.seconds == pytest.approx(21, rel=0.1)
    assert many.high / many.low < one.high / one.low


def test_other_networks_tell_something_too_with_a_wide_range(store: Store) -> None:
    finish(store, pace=500, model="cnn", epochs=10)
    other = told(store, epochs=10)
    assert other.likeness == OTHER
    assert other.high / other.low > 10


def test_folds_are_runs_one_after_the_other(store: Store) -> None:
    finish(store, pace=500, epochs=10, units=64)
    assert told(store, epochs=10, folds=5).seconds == pytest.approx(5 * told(store, epochs=10).seconds)


def test_runs_from_before_and_those_of_other_devices_do_not_count(store: Store) -> None:
    finish(store, pace=500, flops=0)
    run = store.runs.create(spec_of(), slot="test")
    store.attempts.begin(run, worker={}, environment={"device": "gpu:0", "flops": 5.0}, total_steps=1)
    store.attempts.end(run, RunState.COMPLETED, "", {"epochs": 1, "examples_per_second": 1.0, "num_train_examples": 9,
                                                "whole_seconds": 3.0})  # fmt: skip
    assert estimate(store, spec_of(device="cpu"), FACTS).duration is None
