"""A stopped run is evaluated where that takes seconds, or when somebody asks for it; its training is left as it was."""

from typing import Any

import pytest

from engine.artifacts import artifacts_of
from engine.errors import TrainyardError
from engine.executor.endings import conclude
from engine.runs import EVALUATING, Run, RunState
from engine.sentences import Sentence
from engine.settings import settings
from engine.store import Store
from engine.training import fit
from engine.training import stopped as ends
from engine.training.reporter import Ended, Reporter
from engine.worker import work
from tests.test_training_exactness import assert_equal
from tests.training_runs import RANDOM, create, stopping_at, train
from ui.words import progress_text


class Stopping(Reporter):
    """A reporter to which somebody's request to stop comes once, in the second epoch."""

    asked = False

    def obey(self) -> None:
        super().obey()
        if not self.asked and self._position is not None and self._position[0] >= 30:
            self.asked = True
            raise Ended(RunState.STOPPED)


def stopped(store: Store, monkeypatch: pytest.MonkeyPatch, base: type[Reporter] = Stopping, **values: Any) -> Run:
    """A run that was stopped in its second epoch."""
    run = create(store, **values)
    with monkeypatch.context() as patch:
        patch.setattr(fit, "Reporter", base)
        fit.train_run(store, run)
    return store.runs.get(run.id)


def asking_again(store: Store, state: RunState) -> type[Reporter]:
    """A reporter to which another request comes as soon as the evaluation has begun."""

    class Asking(Stopping):
        def begin_evaluation(self) -> None:
            super().begin_evaluation()
            assert store.runs.get(self._run.id).phase == EVALUATING
            store.runs.request_end(self._run.id, state)
            self._send()

    return Asking


@pytest.fixture
def unasked(monkeypatch: pytest.MonkeyPatch, home: object) -> None:
    """An installation that evaluates stopped runs only when somebody asks for it."""
    monkeypatch.setenv("TRAINYARD_STOP_EVALUATION_SECONDS", "0")
    settings.cache_clear()


def test_a_stopped_run_is_evaluated(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    run = stopped(store, monkeypatch)
    assert (run.state, run.phase, run.request) == (RunState.STOPPED, "", "")
    assert 0 <= run.result["test_accuracy"] <= 1
    assert run.message == "Stopped in epoch 2 of 3. The model is kept and was evaluated; Resume continues from here."
    assert progress_text(run, None).startswith("Epoch 2 of 3 · ")
    files = artifacts_of(run.id)
    assert files.read_evaluation()["test"]["metrics"]["accuracy"] == run.result["test_accuracy"]
    assert files.model.is_file()
    assert files.checkpoint.is_file()
    assert [event.text for event in store.runs.events(run.id) if event.kind == EVALUATING] == [
        "Training finished; evaluating."
    ]


def test_one_that_would_take_long_is_evaluated_when_somebody_asks_and_trains_on_afterwards(
    store: Store, monkeypatch: pytest.MonkeyPatch, unasked: None
) -> None:
    whole = train(store, **RANDOM)
    run = stopped(store, monkeypatch, **RANDOM)
    assert "test_accuracy" not in run.result
    assert run.message == "Stopped in epoch 2 of 3. The model is kept; Resume continues from here."
    assert not artifacts_of(run.id).evaluation.exists()
    queued = store.runs.evaluate(run.id)
    assert (queued.state, queued.phase) == (RunState.QUEUED, EVALUATING)
    assert progress_text(queued, None).endswith("waits to be evaluated")
    claimed = store.attempts.claim("cpu-0")
    assert claimed is not None
    assert work(store, claimed) == 0
    evaluated = store.runs.get(run.id)
    assert (evaluated.state, evaluated.phase, evaluated.step) == (RunState.STOPPED, "", run.step)
    assert evaluated.result["test_accuracy"] > 0
    assert evaluated.result["weights_sha256"] == run.result["weights_sha256"]
    assert "baseline_name" in evaluated.result
    fit.train_run(store, store.runs.resume(run.id, slot="terminal"))
    assert_equal(store, whole, store.runs.get(run.id))


def test_a_second_stop_ends_the_evaluation(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    run = stopped(store, monkeypatch, asking_again(store, RunState.STOPPED))
    assert (run.state, run.message) == (
        RunState.STOPPED,
        "Stopped in epoch 2 of 3. The model is kept; Resume continues from here.",
    )
    assert "test_accuracy" not in run.result
    assert artifacts_of(run.id).model.is_file()
    assert not artifacts_of(run.id).evaluation.exists()


def test_a_cancel_in_the_evaluation_keeps_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    run = stopped(store, monkeypatch, asking_again(store, RunState.CANCELED))
    assert (run.state, run.result) == (RunState.CANCELED, {})
    assert not artifacts_of(run.id).model.exists()


def test_a_pause_evaluates_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    run = stopped(store, monkeypatch, asking_again(store, RunState.PAUSED))
    assert (run.state, run.phase) == (RunState.PAUSED, "")
    assert not artifacts_of(run.id).evaluation.exists()


def test_what_a_new_stop_leaves_is_never_the_evaluation_of_an_older_model(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = stopped(store, monkeypatch)
    monkeypatch.setenv("TRAINYARD_STOP_EVALUATION_SECONDS", "0")
    settings.cache_clear()
    again = store.runs.resume(run.id, slot="terminal")
    monkeypatch.setattr(fit, "Reporter", stopping_at(3))
    fit.train_run(store, again)
    assert not artifacts_of(run.id).evaluation.exists()
    assert "test_accuracy" not in store.runs.get(run.id).result


def test_an_evaluation_that_fails_leaves_the_run_stopped_with_its_model(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = create(store)
    monkeypatch.setattr(fit, "Reporter", Stopping)

    def broken(*_: object) -> None:
        raise TrainyardError("The examples are gone.")

    monkeypatch.setattr(ends, "evaluate_run", broken)
    assert work(store, run) == 1
    ended = store.runs.get(run.id)
    assert (ended.state, ended.message) == (
        RunState.STOPPED,
        "The model is kept; its evaluation failed: The examples are gone.",
    )
    assert artifacts_of(run.id).model.is_file()


def test_a_worker_that_is_lost_while_it_evaluates_leaves_the_run_stopped(store: Store) -> None:
    run = create(store)
    store.attempts.begin_evaluation(run)
    conclude(store, store.runs.get(run.id), Sentence("The worker is gone."), innocent=True)
    assert store.runs.get(run.id).state is RunState.STOPPED


def test_only_a_stopped_run_is_evaluated_and_one_that_waits_for_it_can_be_called_back(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = stopped(store, monkeypatch)
    store.runs.evaluate(run.id)
    called = store.runs.request_end(run.id, RunState.STOPPED)
    assert (called.state, called.phase) == (RunState.STOPPED, "")
    assert called.message == "The model is kept; it was not evaluated."
    done = train(store, epochs=1)
    with pytest.raises(TrainyardError, match="only a stopped run"):
        store.runs.evaluate(done.id)
