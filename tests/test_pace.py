"""Trials in one process: the speed of one is the estimate for the next, and the estimate changes no weight."""

from typing import Any

import pytest

from engine.runs import RunSpec, RunState
from engine.store import Store
from engine.studies import StudySpec
from engine.training import fit, pace, session
from engine.training.pace import Pace

VALUES = {"dataset": "iris", "model": "mlp", "units": 16, "epochs": 3, "patience": 0}


class Trials:
    """Trials of one study, each with the same values; how often `fit` was called for each, and what weights it left."""

    def __init__(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        self.store = store
        self.study = store.studies.create(StudySpec.build(VALUES, {"units": None}))
        self.portions: list[int] = []
        portion = session.Session._portion
        monkeypatch.setattr(Pace, "_known", {})

        def counted(*arguments: Any) -> None:
            self.portions[-1] += 1
            portion(*arguments)

        monkeypatch.setattr(session.Session, "_portion", counted)

    def train(self) -> str:
        """The hash of the weights of the next one."""
        number = len(self.portions)
        self.portions.append(0)
        made = self.store.studies.create_trial(self.study.id, number, RunSpec.build(VALUES))
        assert made is not None
        run = self.store.attempts.claim("cpu-0", made.id)
        assert run is not None
        assert fit.train_run(self.store, run) is RunState.COMPLETED
        return str(self.store.runs.get(run.id).result["weights_sha256"])


def test_a_trial_goes_at_the_speed_of_the_one_before_and_comes_to_the_same_weights(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "_WRONG", float("inf"))
    trials = Trials(store, monkeypatch)
    assert trials.train() == trials.train()
    assert trials.portions == [2, 1]


def test_a_speed_that_was_wrong_is_corrected_and_changes_no_weight(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    trials = Trials(store, monkeypatch)
    first = trials.train()
    Pace._known[trials.study.id] = (1e9, 1e12)
    assert trials.train() == first
    assert trials.portions == [2, 2]
    assert Pace._known[trials.study.id][0] < 1e8
