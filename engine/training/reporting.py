"""The callback that reports metrics, and leaves `fit` when the run was asked to end."""

import math
import time
from typing import Any

import keras
import numpy as np

from engine.errors import TrainyardError
from engine.runs import RunSpec
from engine.training.best import BestEpoch
from engine.training.checkpoint import assign
from engine.training.pipeline import Batches
from engine.training.reporter import Ended, Reporter


class Report(keras.callbacks.Callback):
    """Passes metrics to the reporter a few times a second, and leaves `fit` once the run was asked to end.

    Loss and metrics of a point are means over the interval since the last point, not since the start of the epoch:
    Keras' running means are turned back into sums and subtracted.
    """

    INTERVAL_SECONDS = 0.25

    def __init__(self, reporter: Reporter, batches: Batches, spec: RunSpec, best: BestEpoch, total_steps: int) -> None:
        super().__init__()
        self.reporter, self.batches, self.spec, self.best = reporter, batches, spec, best
        self.stride = max(1, total_steps // reporter.max_points)
        self.learning_rate = spec.optimizer.learning_rate
        """The rate that was requested last."""
        self.epoch = self.step = 0
        self.means: list[np.ndarray] = []
        """Running means of the epoch's training part at `step`, while it is paused: to be saved, or restored."""
        self.throughputs: list[float] = []
        self.epoch_ends: list[float] = []
        """When each epoch of this attempt ended, by a clock that only goes forward."""
        self.steps_per_second = 0.0
        self._sums: dict[str, float] = {}
        self._first_step = 0  # where `fit` began this epoch: above 0 only after a restart
        self._counted = 0
        self._silent = True
        self._warm_step = (
            0  # steps done when the first execution of the epoch returned: that one may have traced a graph
        )
        self._last_step = 0
        self._began = self._last_time = self._last_point = self._warm = time.monotonic()

    @property
    def total_steps(self) -> int:
        """Updates done since the start of the run."""
        return self.epoch * self.batches.steps_per_epoch + self.step

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Point the pipeline at this epoch; in a continued one, start from the saved running means."""
        self.batches.epoch = self.epoch = epoch
        self._first_step = self._counted = self.step
        self._sums = {}
        if self.step:
            assign(self.model.metrics_variables, self.means)
            self._sums = {k: float(v) * self.step for k, v in self.model.get_metrics_result().items()}
        self._warm_step = 0
        self._began = self._last_time = time.monotonic()

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Report a point and obey requests; `batch` is the index within this portion of the last step of an execution."""
        self.step = min(self._first_step + batch + 1, self.batches.steps_per_epoch)
        now = time.monotonic()
        if not self._warm_step:
            self._warm, self._warm_step = now, self.step - self._first_step
        due = now - self._last_time >= self.INTERVAL_SECONDS and self.step - self._counted >= self.stride
        if due or self._silent:
            self._silent = False
            self._point(now, logs or {})
        self._obey()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Report epoch-level values; a loss that is not a finite number ends the run with a sentence."""
        values = {name: float(value) for name, value in (logs or {}).items()}
        self._check(values["loss"])
        self._check(values.get("val_loss", 0.0), "validation loss")
        self.epoch, self.step, self.means = epoch + 1, 0, []
        self.epoch_ends.append(time.monotonic())
        self.reporter.epoch_ended(epoch + 1, self.total_steps, values)
        self.reporter.set_best(self.best.epochs)

    def on_test_begin(self, logs: Any = None) -> None:
        """Keep the running means of the epoch's training part, which is over, and take its throughput."""
        self._take_means()
        now = time.monotonic()
        seconds = now - self._began
        steps = self.step - self._first_step
        if seconds > 0 and steps > 0:
            self.steps_per_second = steps / seconds
            if steps > self._warm_step > 0 and now > self._warm:
                self.steps_per_second = (steps - self._warm_step) / (now - self._warm)
            self.throughputs.append(self.batches.num_examples * steps / self.batches.steps_per_epoch / seconds)
            self._pace(now)

    def on_test_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Leave a long validation, too; it is done again after a restart."""
        self.reporter.obey()

    def _pace(self, now: float) -> None:
        """Return speed and learning rate at the end of an epoch, where epochs are too short to have points of their own."""
        if now - self._last_point >= self.INTERVAL_SECONDS and self.total_steps - self._last_step >= self.stride:
            values = {"examples_per_second": self.throughputs[-1], "learning_rate": self._learning_rate()}
            self.reporter.step_ended(self.total_steps, self.total_steps / self.batches.steps_per_epoch, values)
            self._last_point, self._last_step = now, self.total_steps

    def _learning_rate(self) -> float:
        return float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))

    def _obey(self) -> None:
        try:
            self.reporter.obey()
        except Ended:
            self._take_means()
            raise

    def _take_means(self) -> None:
        self.means = [keras.ops.convert_to_numpy(v).copy() for v in self.model.metrics_variables]

    def _point(self, now: float, logs: dict[str, Any]) -> None:
        count = self.step - self._counted
        values = {}
        for name, value in logs.items():
            if not self.spec.task.mean_over_examples(name):  # it means nothing over a few steps
                continue
            total = float(value) * self.step
            values[name] = (total - self._sums.get(name, 0.0)) / count
            self._sums[name] = total
        self._check(float(logs.get("loss", 0.0)))
        elapsed = max(now - self._last_time, 1e-9)
        values["examples_per_second"] = count * self.batches.batch_size / elapsed
        values["learning_rate"] = self._learning_rate()
        self.reporter.step_ended(self.total_steps, self.total_steps / self.batches.steps_per_epoch, values)
        self._counted, self._last_time = self.step, now
        self._last_point, self._last_step = now, self.total_steps

    def _check(self, loss: float, name: str = "loss") -> None:
        if not math.isfinite(loss):
            rate = self.learning_rate
            raise TrainyardError(
                "The {name} became {value} in epoch {epoch}: training diverged. Lower the learning "
                "rate (it was {rate:g}; try {smaller:g}) or set clip norm to 1.",
                name=name,
                value=loss,
                epoch=self.epoch + 1,
                rate=rate,
                smaller=rate / 10,
            )
