"""Learning-rate changes while a run trains: applied between two executions, stored with their step, repeated at that step."""

import logging
from typing import Any

import keras

from engine.runs import Run
from engine.store import Store, StoreUnavailable
from engine.training.reporting import Report

logger = logging.getLogger(__name__)


class Scaled(keras.optimizers.schedules.LearningRateSchedule):
    """A learning-rate schedule that can be scaled while it is followed; scaled by one, it is unchanged."""

    def __init__(self, curve: Any) -> None:
        self.curve = curve
        self.scale = keras.Variable(1.0, trainable=False, name="scale")

    def __call__(self, step: Any) -> Any:
        """Return the learning rate at `step`."""
        return keras.ops.multiply(self.curve(step), self.scale)

    def get_config(self) -> dict[str, Any]:
        """Return the config that Keras expects; never saved, since a checkpoint has the rate and a saved model no optimizer."""
        return {"curve": self.curve}


class Steering(keras.callbacks.Callback):
    """Applies learning-rate changes at their steps.

    A rate that is a number (constant, or cut on a plateau) is set. A curve is scaled: from then on it continues as if it had
    been given the new rate. A change requested while the run trains first gets, in the store, the step at which it is
    applied: whatever happens then, a resumed run and a repeated one apply it at that very step.
    """

    def __init__(self, store: Store, run: Run, report: Report, learning_rate: float) -> None:
        super().__init__()
        self.learning_rate = self._first = learning_rate
        """The rate that was requested last: a curve is scaled to it."""
        self._store, self._run, self._report = store, run, report
        self._changes: list[dict[str, Any]] = []
        self._applied = 0

    def begin(self) -> None:
        """Take changes requested before training, and those to be repeated; the position must be known."""
        report = self._report
        goes_on = not report.step and report.epoch > (self._run.parent_epoch or 0)
        # at this very step a replay would apply it before the validation, whose result may cut the rate once more
        self._changes = self._store.attempts.take_steering(self._run, report.total_steps + (1 if goes_on else 0))
        self._apply()

    def on_train_begin(self, logs: Any = None) -> None:
        """Do nothing: `fit` is called in portions."""

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Between two executions: receive changes, and apply those that are due."""
        reporter = self._report.reporter
        if reporter.steered:
            try:
                self._changes = self._store.attempts.take_steering(self._run, self._report.total_steps)
                reporter.steered = False
            except StoreUnavailable:  # the next execution asks again
                logger.exception("The new learning rate could not be read yet.")
        self._apply()

    def exact_epoch(self) -> int | None:
        """Return the next epoch (from 0) with a change in its middle: an execution must end at that step."""
        steps = self._report.batches.steps_per_epoch
        due = (int(change["step"]) for change in self._changes[self._applied :])
        return next(((step - 1) // steps for step in due if step % steps), None)

    def state(self) -> dict[str, Any]:
        """Return what must outlive the process, as plain JSON: a plateau may have cut the rate since it was set."""
        return {"applied": self._applied, "learning_rate": self.learning_rate}

    def set_state(self, state: dict[str, Any]) -> None:
        """The inverse of `state`. A rate that is a number is part of the optimizer, and was restored with it."""
        self._applied, self.learning_rate = state["applied"], state["learning_rate"]
        self._report.learning_rate = self.learning_rate
        curve = self._curve()
        if curve is not None:
            curve.scale.assign(self.learning_rate / self._first)

    def _apply(self) -> None:
        while self._applied < len(self._changes):
            change = self._changes[self._applied]
            if change["step"] > self._report.total_steps:
                return
            self._applied += 1
            self.learning_rate = self._report.learning_rate = float(change["learning_rate"])
            logger.info("Learning rate %g from step %s on.", self.learning_rate, change["step"])
            curve = self._curve()
            if curve is None:
                self.model.optimizer.learning_rate = self.learning_rate
            else:
                curve.scale.assign(self.learning_rate / self._first)

    def _curve(self) -> Scaled | None:
        rate = _rate(self.model.optimizer)
        return rate if isinstance(rate, Scaled) else None


def lever(optimizer: Any) -> Any:
    """Return the variable by which the learning rate is changed: the rate itself, or the scale of its curve."""
    rate = _rate(optimizer)
    return rate.scale if isinstance(rate, Scaled) else rate


def _rate(optimizer: Any) -> Any:
    return getattr(optimizer, "inner_optimizer", optimizer)._learning_rate
