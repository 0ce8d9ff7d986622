"""Training in the test's own process: tiny real runs on the 8x8 digits, which can be interrupted at any point."""

from typing import Any

import pytest

from engine.runs import Run, RunSpec, RunState
from engine.store import Store
from engine.training import fit
from engine.training.reporter import Ended, Reporter

SMALL: dict[str, Any] = {"dataset": "digits", "model": "mlp", "units": 16, "epochs": 3, "batch_size": 64, "patience": 0}
"""22 steps an epoch, and a second or two a run."""
RANDOM: dict[str, Any] = {"dropout": 0.3, "rotation": 20.0, "shift": 0.1, "deterministic": True}
"""Everything that draws random numbers while training."""


def create(store: Store, **values: Any) -> Run:
    """A run that is the caller's."""
    return store.runs.create(RunSpec.build(SMALL | values), "ada", slot="terminal")


def train(store: Store, **values: Any) -> Run:
    """Train from beginning to end."""
    run = create(store, **values)
    fit.train_run(store, run)
    return store.runs.get(run.id)


def train_with_stops(monkeypatch: pytest.MonkeyPatch, store: Store, stops: list[int], **values: Any) -> Run:
    """Train; the n-th attempt stops at its `stops[n]`-th chance (after an execution of steps, in validation)."""
    run = create(store, **values)
    for chance in stops:
        with monkeypatch.context() as patch:
            patch.setattr(fit, "Reporter", stopping_at(chance))
            if fit.train_run(store, run) is RunState.COMPLETED:
                return store.runs.get(run.id)
        run = store.runs.resume(run.id, slot="terminal")
    fit.train_run(store, run)
    return store.runs.get(run.id)


def stopping_at(chance: int, state: RunState = RunState.STOPPED) -> type[Reporter]:
    """A reporter to which somebody's request comes at the `chance`-th time that training asks for one."""

    class Stopping(Reporter):
        asked = 0

        def obey(self) -> None:
            super().obey()
            self.asked += 1
            if self.asked == chance:
                raise Ended(state)

    return Stopping


def stopping_at_step(step: int, state: RunState = RunState.STOPPED) -> type[Reporter]:
    """A reporter to which somebody's request comes once `step` updates are done."""

    class Stopping(Reporter):
        def obey(self) -> None:
            super().obey()
            if self._position is not None and self._position[0] >= step:
                raise Ended(state)

    return Stopping
