"""A driver of studies against a real store: the test trains the trials, as workers would."""

import time
from typing import Any

import optuna
from optuna.trial import FrozenTrial

from engine.runs import Run, RunState
from engine.search.driver import Driver
from engine.search.optuna_adapter import study_name
from engine.spec import Range
from engine.store import MetricPoint, Store
from engine.studies import Search, Study, StudySpec

VALUES: dict[str, Any] = {"dataset": "digits", "model": "mlp", "epochs": 4}
SPACE = {"units": Range(16, 64, log=True), "learning_rate": None}


class Bench:
    """A driver whose trials the test trains."""

    def __init__(self, store: Store) -> None:
        self.store, self.driver = store, Driver(store)

    def begin(
        self,
        space: Any = None,
        objectives: tuple[str, ...] = ("quality",),
        values: Any = None,
        directions: Any = None,
        **search: Any,
    ) -> Study:
        """A study, with its first trials in the queue."""
        search = {"trials": 3, "sampler": "random", "pruner": "none"} | search
        spec = StudySpec.build(VALUES | (values or {}), space or SPACE, objectives, Search(**search), directions)
        study = self.store.studies.create(spec)
        self.driver.tick()
        return study

    def restart(self) -> None:
        """Return what a new process has after the old one was killed: nothing but the database."""
        self.driver.close()
        self.driver = Driver(self.store)

    def waiting(self) -> list[Run]:
        """Trials that wait for a worker, in the order of the queue."""
        return [self.store.runs.get(run_id) for run_id in self.store.runs.queue()]

    def claim(self) -> Run:
        """A worker begins the next one."""
        run = self.store.attempts.claim("cpu-0")
        assert run is not None
        return run

    def epochs(self, run: Run, *values: float, first: int = 1) -> None:
        """It trains epochs that come to these accuracies."""
        for epoch, value in enumerate(values, first):
            point = MetricPoint(0, "validation", "accuracy", "epoch", epoch, epoch, value, time.time())
            self.store.attempts.report(run, [point], epoch=epoch, best={"epoch": epoch, "val_accuracy": max(values)})

    def end(self, run: Run, state: RunState = RunState.COMPLETED, message: str = "", **result: Any) -> None:
        """It ends, and the driver sees that."""
        assert self.store.attempts.end(run, state, message, result)
        self.driver.tick()

    def train(self, value: float = 0.5, **result: Any) -> Run:
        """The next trial from beginning to end."""
        run = self.claim()
        self.epochs(run, value / 2, value)
        self.end(run, **result)
        return run

    def train_epochs(self, *values: float) -> Run:
        """The next trial, with the driver looking after each epoch."""
        run = self.claim()
        for epoch, value in enumerate(values, 1):
            self.epochs(run, value, first=epoch)
            self.driver.tick()
        self.end(run)
        return run

    def get(self, study: Study) -> Study:
        """The study as it is now."""
        return self.store.studies.get(study.id)

    def trials(self, study: Study) -> list[FrozenTrial]:
        """Optuna's side of it."""
        return optuna.load_study(study_name=study_name(study.id), storage=self.driver._storage).get_trials()

    def states(self, study: Study) -> str:
        """The states of its trials in one word, such as `complete fail running`."""
        return " ".join(trial.state.name.lower() for trial in self.trials(study))
