"""Learning-rate changes and pauses while a run trains: both are exact."""

from typing import Any

import keras
import numpy as np
import pytest

from engine.artifacts import artifacts_of
from engine.errors import TrainyardError
from engine.runs import Run, RunState
from engine.settings import settings
from engine.store import Store, StoreUnavailable
from engine.store.attempts import Attempts
from engine.studies import StudySpec
from engine.training import checkpointing, fit, reporting, session, start, stopped
from engine.training.reporter import Reporter
from tests.test_store import SPEC
from tests.training_runs import RANDOM, SMALL, create, stopping_at, train

pytestmark = pytest.mark.usefixtures("kept_preparations")
PER_EPOCH = 22  # steps of `SMALL`


@pytest.fixture(autouse=True)
def small_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Six executions an epoch, whatever the speed of the machine."""
    portions(monkeypatch, 4)


def portions(monkeypatch: pytest.MonkeyPatch, steps: int) -> None:
    """So many steps in one execution."""
    monkeypatch.setattr(session, "FIRST_EXECUTION_STEPS", steps)
    monkeypatch.setattr(session, "_MAX_EXECUTION_STEPS", steps)
    monkeypatch.setattr(session, "_EXECUTION_SECONDS", 10.0)


def steering_at(changes: dict[int, float]) -> type[Reporter]:
    """A reporter through which somebody changes the rate when training asks for the n-th time."""

    class Asking(Reporter):
        asked = 0

        def obey(self) -> None:
            super().obey()
            self.asked += 1
            if self.asked in changes:
                self._store.runs.steer(self._run.id, changes[self.asked])
                self.steered = True

    return Asking


def steered(monkeypatch: pytest.MonkeyPatch, store: Store, changes: dict[int, float], **values: Any) -> Run:
    """A run whose rate was changed while it trained."""
    run = create(store, **values)
    with monkeypatch.context() as patch:
        patch.setattr(fit, "Reporter", steering_at(changes))
        fit.train_run(store, run)
    return store.runs.get(run.id)


def rates(store: Store, run: Run) -> dict[int, float]:
    """The learning rate at the steps that have one."""
    return {p.step: p.value for p in store.metrics.read(run.id) if p.name == "learning_rate" and p.value is not None}


@pytest.mark.parametrize("schedule", ["cosine", "plateau"])  # what follows a curve, and what is set and cut
def test_a_changed_rate_is_repeated_at_its_steps_by_a_replay_and_after_a_stop(
    store: Store, monkeypatch: pytest.MonkeyPatch, schedule: str
) -> None:
    monkeypatch.setattr(reporting.Report, "INTERVAL_SECONDS", 0.0)
    values: dict[str, Any] = RANDOM | {"schedule": schedule, "epochs": 3, "learning_rate": 0.01, "units": 8}
    if schedule == "plateau":
        values |= {"plateau_patience": 1, "learning_rate": 1.0}  # so high that it must be cut
    original = steered(monkeypatch, store, {3: 0.02, 11: 0.3}, **values)
    steps = [change["step"] for change in original.steering]
    assert steps[0] == 12
    assert steps[0] < steps[1]
    assert any(step % PER_EPOCH for step in steps)
    assert original.result["weights_sha256"] != train(store, **values).result["weights_sha256"]

    portions(monkeypatch, 7)  # no execution of these would end at the steps
    replay = store.runs.create(original.parsed(), slot="terminal", steering=original.steering)
    fit.train_run(store, replay)
    stopped = store.runs.create(original.parsed(), slot="terminal", steering=original.steering)
    for chance in (2, 7):
        with monkeypatch.context() as patch:
            patch.setattr(fit, "Reporter", stopping_at(chance, RunState.PAUSED))
            assert fit.train_run(store, stopped) is RunState.PAUSED
        stopped = store.runs.resume(stopped.id, slot="terminal")
    fit.train_run(store, stopped)
    for run in (store.runs.get(replay.id), store.runs.get(stopped.id)):
        assert run.result["weights_sha256"] == original.result["weights_sha256"]
        assert store.metrics.history(run.id) == store.metrics.history(original.id)
        assert run.steering == original.steering


def test_a_constant_rate_is_set_and_a_curve_is_scaled(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reporting.Report, "INTERVAL_SECONDS", 0.0)
    values: dict[str, Any] = {"epochs": 3, "learning_rate": 0.01, "units": 8, "deterministic": True}
    run = steered(monkeypatch, store, {3: 0.02}, **values)
    assert run.steering == [{"step": 12, "learning_rate": 0.02}]
    assert {round(rate, 6) for step, rate in rates(store, run).items() if step <= 12} == {0.01}
    assert {round(rate, 6) for step, rate in rates(store, run).items() if step > 12} == {0.02}
    assert "Learning rate 0.02 from step 12 on." in [event.text for event in store.runs.events(run.id)]
    curve = values | {"schedule": "exponential"}
    whole, half = train(store, **curve), steered(monkeypatch, store, {3: 0.005}, **curve)
    for step, rate in rates(store, half).items():
        usual = rates(store, whole).get(step)
        assert usual is None or rate == pytest.approx(usual if step <= 12 else usual / 2, rel=1e-5)


def test_a_change_that_was_not_taken_yet_is_replaced_and_taken_at_the_beginning(store: Store) -> None:
    run = create(store, epochs=1, units=8)
    store.runs.steer(run.id, 0.5)
    waiting = store.runs.steer(run.id, 0.02)
    assert waiting.steering == [{"step": None, "learning_rate": 0.02}]
    assert store.attempts.report(run) == "steer"
    fit.train_run(store, run)
    assert store.runs.get(run.id).steering == [{"step": 0, "learning_rate": 0.02}]
    assert {round(rate, 6) for rate in rates(store, run).values()} == {0.02}


class Killed(BaseException):
    """Stands for a kill."""


def test_a_rate_that_was_changed_between_two_epochs_is_repeated_after_the_cut_of_a_plateau(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAINYARD_CHECKPOINT_SECONDS", "0")
    settings.cache_clear()
    monkeypatch.setattr(reporting.Report, "INTERVAL_SECONDS", 0.0)
    values: dict[str, Any] = RANDOM | {"schedule": "plateau", "plateau_patience": 1, "learning_rate": 1.0, "epochs": 6}
    known = rates(store, train(store, **values))
    cut = next(epoch for epoch in range(1, 6) if known[epoch * PER_EPOCH] > known[epoch * PER_EPOCH + 4])
    run = create(store, **values)

    class KilledAfterTheCut(checkpointing.Checkpoints):
        def save(self, epoch: int, step: int = 0, means: Any = None) -> None:
            super().save(epoch, step, means)
            if epoch == cut:
                raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(start, "Checkpoints", KilledAfterTheCut)
        with pytest.raises(Killed):
            fit.train_run(store, run)
    store.runs.steer(run.id, 0.05)
    assert store.attempts.requeue(run, "again")
    again = store.attempts.claim("cpu-0", run.id)
    assert again is not None
    fit.train_run(store, again)
    original = store.runs.get(run.id)
    replay = store.runs.create(original.parsed(), slot="terminal", steering=original.steering)
    fit.train_run(store, replay)
    assert store.runs.get(replay.id).result["weights_sha256"] == original.result["weights_sha256"]


def test_a_loss_that_is_no_number_names_the_rate_in_force(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    class Diverging(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            if epoch == 1:
                self.model.set_weights([value * np.nan for value in self.model.get_weights()])

    run = create(store, learning_rate=0.001)
    monkeypatch.setattr(fit, "Reporter", steering_at({3: 0.5}))
    with pytest.raises(TrainyardError, match=r"it was 0\.5; try 0\.05"):
        fit.train_run(store, run, [Diverging()])


def test_other_seeds_of_a_run_get_its_changes_too(store: Store) -> None:
    run = create(store)
    store.runs.steer(run.id, 0.02)
    store.attempts.take_steering(run, 12)
    store.runs.steer(run.id, 0.5)  # never taken
    (again,) = store.runs.repeat(run.id, run.parsed().reseeded(1))
    assert again.steering == [{"step": 12, "learning_rate": 0.02}]


def test_a_database_that_is_away_for_a_moment_is_asked_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    take, asked = Attempts.take_steering, []

    def away(self: Attempts, run: Run, step: int) -> list[dict[str, Any]]:
        asked.append(step)
        if len(asked) == 2:
            raise StoreUnavailable("The database cannot be used: it is away.")
        return take(self, run, step)

    monkeypatch.setattr(Attempts, "take_steering", away)
    run = steered(monkeypatch, store, {3: 0.02}, epochs=1, units=8)
    assert asked == [0, 12, 16]
    assert run.steering == [{"step": 16, "learning_rate": 0.02}]


def test_a_rate_can_be_changed_only_within_bounds_and_until_the_run_has_ended(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = store.runs.create(SPEC)
    for wrong in (0.0, 2.0, float("nan")):
        with pytest.raises(TrainyardError, match="learning_rate"):
            store.runs.steer(run.id, wrong)
    with pytest.raises(TrainyardError, match="Run 99 does not exist"):
        store.runs.steer(99, 0.1)
    claimed = store.attempts.claim("cpu-0")
    assert claimed is not None
    monkeypatch.setenv("TRAINYARD_MAX_STEERING", "2")
    settings.cache_clear()
    for step in (5, 9):
        store.runs.steer(run.id, 0.1)
        store.attempts.take_steering(claimed, step)
    with pytest.raises(TrainyardError, match=r"changed 2 times, and TRAINYARD_MAX_STEERING"):
        store.runs.steer(run.id, 0.1)
    store.attempts.end(claimed, RunState.COMPLETED)
    with pytest.raises(
        TrainyardError, match=r"Run 1 is completed; the learning rate can only be changed until.*Fork it"
    ):
        store.runs.steer(run.id, 0.1)
    study = store.studies.create(StudySpec.build(SMALL, {"units": None}))
    trial = store.studies.create_trial(study.id, 0, SPEC)
    assert trial is not None
    with pytest.raises(TrainyardError, match=f"a trial of study {study.id}"):
        store.runs.steer(trial.id, 0.1)


# -- pause -------------------------------------------------------------------------------------------------------------


def test_a_paused_run_evaluates_nothing_and_goes_on_exactly(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    values: dict[str, Any] = RANDOM | {"epochs": 3, "units": 8}
    whole, run = train(store, **values), create(store, **values)
    for chance in (8, 3):
        with monkeypatch.context() as patch:
            patch.setattr(fit, "Reporter", stopping_at(chance, RunState.PAUSED))
            patch.setattr(fit, "evaluate_run", lambda *_: pytest.fail("it was evaluated"))
            patch.setattr(stopped, "save_model", lambda *_: pytest.fail("a model was saved"))
            assert fit.train_run(store, run) is RunState.PAUSED
        paused = store.runs.get(run.id)
        assert paused.message == f"Paused in epoch {paused.epoch + 1} of 3. Resume continues from here."
        assert paused.result == {}
        assert artifacts_of(run.id).checkpoint.is_file()
        run = store.runs.resume(run.id, slot="terminal")
    fit.train_run(store, run)
    ended = store.runs.get(run.id)
    assert ended.result["weights_sha256"] == whole.result["weights_sha256"]
    assert store.metrics.history(run.id) == store.metrics.history(whole.id)


def test_a_paused_run_keeps_its_place_in_the_queue(store: Store) -> None:
    first, second, third = (store.runs.create(SPEC) for _ in range(3))
    paused = store.runs.request_end(first.id, RunState.PAUSED, by="ada")
    assert (paused.state, paused.message) == (
        RunState.PAUSED, "Paused by ada in the queue. Resume puts it back in its place."
    )  # fmt: skip
    assert store.runs.queue() == [second.id, third.id]
    store.runs.resume(first.id)
    assert store.runs.queue() == [first.id, second.id, third.id]
    run = store.attempts.claim("cpu-0")
    assert run is not None
    store.runs.request_end(run.id, RunState.PAUSED)
    assert store.attempts.report(run) == "paused"
    store.attempts.end(run, RunState.PAUSED)
    store.runs.resume(run.id)
    assert store.runs.queue() == [first.id, second.id, third.id]
    store.runs.request_end(second.id, RunState.PAUSED)
    here = store.runs.resume(second.id, slot="terminal")
    assert here.started_at is not None
    store.attempts.end(here, RunState.STOPPED)
    store.runs.request_end(third.id, RunState.PAUSED)
    store.runs.request_end(third.id, RunState.STOPPED)
    assert store.runs.get(third.id).state is RunState.CANCELED  # it had not begun


def test_a_pause_overrules_nothing_and_everything_overrules_it(store: Store) -> None:
    store.runs.create(SPEC)
    run = store.attempts.claim("cpu-0")
    assert run is not None
    asked = [RunState.PAUSED, RunState.STOPPED, RunState.PAUSED, RunState.CANCELED, RunState.PAUSED]
    heard = []
    for state in asked:
        store.runs.request_end(run.id, state)
        heard.append(store.attempts.report(run))
    assert heard == ["paused", "stopped", "stopped", "canceled", "canceled"]


def test_pauses_do_not_count_as_restarts(store: Store) -> None:
    run = store.runs.create(SPEC)
    for _ in range(5):
        claimed = store.attempts.claim("cpu-0")
        assert claimed is not None
        store.attempts.end(claimed, RunState.PAUSED)
        store.runs.resume(run.id)
    assert (store.runs.get(run.id).attempt, store.runs.get(run.id).restarts) == (5, 0)
    claimed = store.attempts.claim("cpu-0")
    assert claimed is not None
    store.attempts.requeue(claimed, "again")
    assert store.runs.get(run.id).restarts == 1
