"""The worker's connection to the store: nothing is lost while the store is away, requests are received."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from engine.runs import Run, RunState
from engine.sentences import Sentence
from engine.settings import settings
from engine.store import MetricPoint, Store, StoreUnavailable
from engine.store.attempts import Attempts
from engine.training import reporter as module
from engine.training.reporter import Ended, Reporter, RunLost, thin
from tests.test_store import point
from tests.training_runs import create
from tests.waiting import wait_until

pytestmark = pytest.mark.both_databases


@pytest.fixture
def run(store: Store) -> Run:
    """A running run."""
    return create(store)


def until(condition: Callable[[], object]) -> None:
    """Wait for `condition`."""
    wait_until(condition, "what the reporter does")


def test_points_arrive_while_a_run_trains_and_the_rest_at_the_end(store: Store, run: Run) -> None:
    with Reporter(store, run, "val_accuracy") as reporter:
        reporter.begin(0, 0)
        reporter.step_ended(5, 0.5, {"loss": 1.5})
        until(lambda: store.metrics.read(run.id))
        assert [(p.step, p.name, p.value) for p in store.metrics.read(run.id)] == [(5, "loss", 1.5)]
        reporter.epoch_ended(1, 10, {"loss": 1.0, "val_accuracy": 0.5, "learning_rate": 0.1})
        reporter.set_best({"epoch": 1, "val_accuracy": 0.5})
    now = store.runs.get(run.id)
    assert (now.epoch, now.step, now.curve, now.best) == (1, 10, [0.5], {"epoch": 1, "val_accuracy": 0.5})
    assert store.metrics.history(run.id) == {"loss": [1.0], "val_accuracy": [0.5]}


@pytest.mark.parametrize("state", [RunState.STOPPED, RunState.CANCELED])
def test_a_request_is_obeyed(store: Store, run: Run, state: RunState) -> None:
    with Reporter(store, run, "val_accuracy") as reporter:
        reporter.obey()
        store.runs.request_end(run.id, state)
        until(lambda: reporter.requested)
        with pytest.raises(Ended) as ended:
            reporter.obey()
    assert ended.value.state is state


def test_a_run_that_was_given_to_another_worker_is_lost(store: Store, run: Run) -> None:
    with Reporter(store, run, "val_accuracy") as reporter:
        store.attempts.requeue(run, "again")
        until(lambda: reporter.lost)
        with pytest.raises(RunLost):
            reporter.obey()


class Away(Attempts):
    """The attempts of a store whose database does not answer for a while."""

    away = False

    def report(self, run: Run, points: Any = (), **progress: Any) -> str | None:
        """As `Attempts.report`, or not at all."""
        if self.away:
            raise StoreUnavailable("The database cannot be used: it is away.")
        return super().report(run, points, **progress)


def test_nothing_is_lost_while_the_store_is_away(run: Run) -> None:
    store = Store(settings().url)
    store.attempts = away = Away(store)
    with Reporter(store, run, "val_accuracy") as reporter:
        away.away = True
        for step in range(5):
            reporter.step_ended(step, 0.0, {"loss": float(step)})
            time.sleep(0.1)
        assert store.metrics.read(run.id) == []
        reporter.obey()
        away.away = False
    assert [p.step for p in store.metrics.read(run.id)] == list(range(5))
    assert store.runs.get(run.id).step == 4
    store.close()


def obeys(reporter: Reporter) -> bool:
    """Whether training would go on; not where the store has been away for too long."""
    try:
        reporter.obey()
    except StoreUnavailable:
        return False
    return True


def test_training_gives_up_before_it_would_be_taken_for_dead(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINYARD_HEARTBEAT_TIMEOUT_SECONDS", "1.2")
    settings.cache_clear()
    store = Store(settings().url)
    store.attempts = away = Away(store)
    with Reporter(store, run, "val_accuracy") as reporter:
        away.away = True
        until(lambda: not obeys(reporter))
        away.away = False
        until(lambda: obeys(reporter))
    store.close()


def test_a_resumed_run_goes_on_with_its_curve(store: Store, run: Run) -> None:
    points: list[MetricPoint] = [
        point(10 * epoch, epoch / 100, name="accuracy", split="validation", scope="epoch") for epoch in range(1, 81)
    ]
    store.attempts.report(run, points, curve=[0.5] * 60, epoch=80)
    with Reporter(store, run, "val_accuracy") as reporter:
        reporter.begin(700, 70)
        reporter.epoch_ended(71, 710, {"val_accuracy": 0.9})
    now = store.runs.get(run.id)
    assert now.curve == thin([*(epoch / 100 for epoch in range(1, 71)), 0.9], module._MAX_CURVE)
    assert now.epoch == 71
    assert len(store.metrics.history(run.id)["val_accuracy"]) == 71


def test_thinning_keeps_the_ends() -> None:
    values = [float(i) for i in range(1000)]
    thinned = thin(values, 60)
    assert (len(thinned), thinned[0], thinned[-1]) == (60, 0.0, 999.0)
    assert thin(values[:60], 60) == values[:60]


def test_the_system_is_measured_once_training_has_begun(store: Store, run: Run) -> None:
    with Reporter(store, run, "val_accuracy", lambda: {"cpu_percent": 50.0}) as reporter:
        time.sleep(0.6)
        assert store.metrics.read(run.id) == []
        reporter.begin(30, 3)
        until(lambda: store.metrics.read(run.id))
    assert store.metrics.read(run.id)[0]._replace(id=0, at=0.0) == MetricPoint(
        0, "system", "cpu_percent", "step", 30, 3.0, 50.0, 0.0
    )


def test_what_is_done_before_training_is_said_until_the_first_point(store: Store, run: Run) -> None:
    with Reporter(store, run, "val_accuracy") as reporter:
        reporter.say(Sentence("Computing features of the {split} split: {share:.0%}", split="train", share=0.4))
        until(lambda: store.runs.get(run.id).message == "Computing features of the train split: 40%")
        reporter.step_ended(1, 0.1, {"loss": 1.5})
        until(lambda: store.metrics.read(run.id))
        assert store.runs.get(run.id).message == ""


def test_a_run_that_ends_between_two_points_says_where(store: Store, run: Run) -> None:
    with Reporter(store, run, "val_accuracy") as reporter:
        reporter.begin(0, 0)
        reporter.step_ended(5, 0.5, {"loss": 1.5})
        reporter.reached(12, 1)
    assert (store.runs.get(run.id).step, store.runs.get(run.id).epoch) == (12, 1)
