"""A run that was stopped or killed anywhere and resumed ends like one that was never interrupted."""

import itertools
import random
from typing import Any

import pytest

from engine.optimizers import optimizers
from engine.runs import Run, RunState
from engine.schedules import schedules
from engine.store import Store
from engine.training import fit, pipeline, reporting, session, start
from engine.training.checkpointing import Checkpoints
from tests.training_runs import RANDOM, create, train, train_with_stops

pytestmark = pytest.mark.usefixtures("kept_preparations")
CHANCES = 27
"""Number of times a run of `SMALL` can be left under `small_portions`: 6 executions and 3 validation batches an epoch."""


@pytest.fixture(autouse=True)
def small_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several executions an epoch and several validation batches, whatever the speed of the machine."""
    monkeypatch.setattr(session, "FIRST_EXECUTION_STEPS", 4)
    monkeypatch.setattr(session, "_MAX_EXECUTION_STEPS", 4)
    monkeypatch.setattr(session, "_EXECUTION_SECONDS", 10.0)
    monkeypatch.setattr(pipeline, "_EVALUATION_BATCH", 16)
    monkeypatch.setattr(reporting.Report, "INTERVAL_SECONDS", 0.0)


def assert_equal(store: Store, one: Run, other: Run) -> None:
    """The same weights, the same learning curve, the same best epoch and the same test result."""
    assert (one.state, other.state) == (RunState.COMPLETED, RunState.COMPLETED)
    assert one.result["weights_sha256"] == other.result["weights_sha256"]
    assert store.metrics.history(one.id) == store.metrics.history(other.id)
    assert (one.best, one.curve, one.message) == (other.best, other.curve, other.message)
    timing = {"examples_per_second", "seconds", "whole_seconds", "epoch_seconds", "probe_seconds"}
    assert other.result["whole_seconds"] > other.result["seconds"], "earlier attempts are part of both"
    assert {k: v for k, v in one.result.items() if k not in timing} == {
        k: v for k, v in other.result.items() if k not in timing
    }


def test_the_same_spec_gives_the_same_weights_and_another_seed_gives_others(store: Store) -> None:
    first, again = train(store, **RANDOM, epochs=1), train(store, **RANDOM, epochs=1)
    assert_equal(store, first, again)
    other = train(store, **RANDOM, epochs=1, seed=1)
    assert other.result["weights_sha256"] != first.result["weights_sha256"]


@pytest.mark.slow
def test_steps_in_one_execution_change_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = []
    for first, later in ((1, 1), (7, 256)):
        monkeypatch.setattr(session, "FIRST_EXECUTION_STEPS", first)
        monkeypatch.setattr(session, "_MAX_EXECUTION_STEPS", later)
        runs.append(train(store, **RANDOM, epochs=2))
    assert_equal(store, *runs)


LAST_EXECUTION, IN_VALIDATION, FIRST_OF_AN_EPOCH = 6, 8, 17
STOPS = ([3], [LAST_EXECUTION], [IN_VALIDATION], [FIRST_OF_AN_EPOCH], [2, 5, 1])


@pytest.mark.slow
def test_a_run_stopped_anywhere_with_dropout_and_augmentation_ends_the_same(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = train(store, **RANDOM)
    for stops in STOPS:
        stopped = train_with_stops(monkeypatch, store, stops, **RANDOM)
        assert stopped.attempt == len(stops) + 1, stops
        assert_equal(store, whole, stopped)


def test_a_run_stopped_in_the_middle_of_an_epoch_goes_on_exactly(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    assert_equal(store, train(store, **RANDOM, epochs=2), train_with_stops(monkeypatch, store, [3], **RANDOM, epochs=2))


COMBINATIONS = list(itertools.product(sorted(optimizers), sorted(schedules)))
DIAGONAL = [pair for i, pair in enumerate(COMBINATIONS) if i % 5 == 0]  # each optimizer and each schedule once


@pytest.mark.parametrize(
    ("optimizer", "schedule"),
    DIAGONAL,
)
@pytest.mark.slow
def test_every_optimizer_and_every_schedule_goes_on_exactly(
    store: Store, monkeypatch: pytest.MonkeyPatch, optimizer: str, schedule: str
) -> None:
    values: dict[str, Any] = {"optimizer": optimizer, "schedule": schedule, "epochs": 5, "dropout": 0.3}
    values |= {"learning_rate": 0.03, "deterministic": True, "clip_norm": 1.0}
    if schedule == "plateau":
        values |= {"plateau_patience": 1, "plateau_factor": 0.5, "learning_rate": 1.0}  # so high that it must be cut
    if optimizer == "sgd":
        values |= {"nesterov": True}
    rng = random.Random(optimizer + schedule)
    stops = [rng.randrange(9, CHANCES), rng.randrange(1, 9)]
    whole = train(store, **values)
    assert_equal(store, whole, train_with_stops(monkeypatch, store, stops, **values))
    rates = {p.value for p in store.metrics.read(whole.id) if p.name == "learning_rate"}
    assert (len(rates) > 1) == (schedule != "constant"), "the schedule did nothing: the test shows nothing"


@pytest.mark.slow
def test_early_stopping_goes_on_counting_after_a_stop(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    values = {"epochs": 12, "patience": 2, "learning_rate": 0.3, "optimizer": "adam", "deterministic": True}
    whole = train(store, **values)
    assert "Stopped early" in whole.message
    chances = whole.epoch * 9  # one for each execution and each validation batch
    stopped = train_with_stops(monkeypatch, store, [chances - 12, 5], **values)
    assert_equal(store, whole, stopped)


class Killed(BaseException):
    """Stands for a kill: nothing that follows is done."""


@pytest.mark.slow
def test_a_run_killed_after_its_last_epoch_does_not_train_on(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    values = {"epochs": 12, "patience": 1, "learning_rate": 0.3, "optimizer": "adam", "deterministic": True}
    whole = train(store, **values)
    run = create(store, **values)
    with monkeypatch.context() as patch:
        patch.setattr(fit, "evaluate_run", lambda *_: (_ for _ in ()).throw(Killed()))
        with pytest.raises(Killed):
            fit.train_run(store, run)
    assert store.attempts.requeue(run, "again")
    again = store.attempts.claim("cpu-0", run.id)
    assert again is not None
    fit.train_run(store, again)
    assert_equal(store, whole, store.runs.get(run.id))


@pytest.mark.slow
def test_a_run_killed_long_after_its_last_checkpoint_ends_the_same(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = RANDOM | {"epochs": 5, "patience": 3, "learning_rate": 0.03}
    whole = train(store, **values)
    run = create(store, **values)

    class KilledInTheFourthEpoch(Checkpoints):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            if epoch == 0:
                self.save(1)

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            if int(self.model.optimizer.iterations) > 3 * 22 + 5:
                raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(start, "Checkpoints", KilledInTheFourthEpoch)
        with pytest.raises(Killed):
            fit.train_run(store, run)
    assert store.runs.get(run.id).epoch == 3
    assert store.attempts.requeue(run, "again")
    again = store.attempts.claim("cpu-0", run.id)
    assert again is not None
    fit.train_run(store, again)
    assert_equal(store, whole, store.runs.get(run.id))
