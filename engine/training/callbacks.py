"""What happens beside `fit`: reporting, obeying a stop, remembering the best epoch, checkpoints."""

import math
import time
from typing import Any

import keras
import numpy as np

from engine.errors import TrainyardError
from engine.runs import RunSpec, RunState
from engine.training.checkpoint import Position, load_weights, save_checkpoint, save_weights
from engine.training.pipeline import Batches
from engine.training.reporter import Reporter


class Ended(Exception):  # noqa: N818  # not an error: somebody asked for it
    """Leaves `fit` at a step boundary because the run was asked to end in `state`."""

    def __init__(self, state: RunState) -> None:
        super().__init__(state.value)
        self.state = state


class BestEpoch(keras.callbacks.EarlyStopping):
    """Early stopping that survives a restart, and keeps the best weights even when it never stops."""

    def __init__(self, spec: RunSpec, path: Any) -> None:
        super().__init__(
            monitor=spec.task.objective,
            mode="max" if spec.task.maximize else "min",
            patience=spec.training.patience or 10**9,
            restore_best_weights=True,
        )
        self.path = path
        self.epochs: dict[str, float] = {}
        """Metrics of the best epoch, with `epoch` counted from 1."""
        super().on_train_begin()

    def on_train_begin(self, logs: Any = None) -> None:
        """Nothing: `fit` is called in portions, and each must go on where the last one ended."""

    def on_train_end(self, logs: Any = None) -> None:
        """Nothing: `restore` is called once, after the last portion."""

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Compare, remember, and write the best weights to disk."""
        super().on_epoch_end(epoch, logs)
        if self.best_epoch == epoch and self.best_weights is not None:
            self.epochs = {"epoch": epoch + 1} | {k: float(v) for k, v in (logs or {}).items()}
            save_weights(self.path, self.best_weights)

    def restore(self) -> None:
        """Give the model the weights of the best epoch, if one has ended."""
        if self.best_weights is not None:
            self.model.set_weights(self.best_weights)

    def state(self) -> dict[str, Any]:
        """What must outlive the process, as plain JSON."""
        best = None if self.best is None else float(self.best)
        return {"wait": self.wait, "best": best, "best_epoch": self.best_epoch, "epochs": self.epochs}

    def set_state(self, state: dict[str, Any]) -> None:
        """The inverse of `state`; the weights come from disk."""
        self.wait, self.best, self.best_epoch = state["wait"], state["best"], state["best_epoch"]
        self.epochs = state["epochs"]
        self.best_weights = load_weights(self.path) if self.path.is_file() else None


class Plateau(keras.callbacks.ReduceLROnPlateau):
    """Reduce on plateau that survives a restart."""

    def __init__(self, factor: float, patience: int) -> None:
        super().__init__(monitor="val_loss", factor=factor, patience=patience)
        super().on_train_begin()

    def on_train_begin(self, logs: Any = None) -> None:
        """Nothing: see `BestEpoch.on_train_begin`."""

    def state(self) -> dict[str, Any]:
        """What must outlive the process, as plain JSON; the learning rate itself is the optimizer's."""
        best = None if self.best is None else float(self.best)
        return {"best": best, "wait": self.wait, "cooldown_counter": self.cooldown_counter}

    def set_state(self, state: dict[str, Any]) -> None:
        """The inverse of `state`."""
        self.best, self.wait, self.cooldown_counter = state["best"], state["wait"], state["cooldown_counter"]


class Report(keras.callbacks.Callback):
    """Hand metrics to the reporter a few times a second, and leave `fit` once the run was asked to end.

    Loss and metrics of a point are means over the interval since the last point, not since the start of the epoch:
    Keras' running means are turned back into sums and subtracted.
    """

    INTERVAL_SECONDS = 0.25

    def __init__(self, reporter: Reporter, batches: Batches, spec: RunSpec, best: BestEpoch, total_steps: int) -> None:
        super().__init__()
        self.reporter, self.batches, self.spec, self.best = reporter, batches, spec, best
        self.stride = max(1, total_steps // reporter.max_points)
        self.epoch = self.step = 0
        self.first_step = 0  # where this portion of the epoch began: above 0 only after a restart
        self.running: list[np.ndarray] = []  # values of the running means at `first_step`
        self.throughputs: list[float] = []
        self.steps_per_second = 0.0
        self._sums: dict[str, float] = {}
        self._counted = 0
        self._silent = True
        self._began = self._last_time = time.monotonic()

    @property
    def total_steps(self) -> int:
        """Updates done since the start of the run."""
        return self.epoch * self.batches.steps_per_epoch + self.step

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Point the pipeline at this epoch; in a continued one, go on with the running means."""
        self.batches.epoch = self.epoch = epoch
        self.step = self._counted = self.first_step
        self._sums = {}
        for variable, value in zip(self.model.metrics_variables, self.running, strict=False):
            variable.assign(value)
        if self.running:
            self._sums = {m.name: float(m.result()) * self.first_step for m in self.model.metrics}
        self.running = []
        self._began = self._last_time = time.monotonic()

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """`batch` is the index within this portion of the last step that an execution was meant to do."""
        self.step = min(self.first_step + batch + 1, self.batches.steps_per_epoch)
        now = time.monotonic()
        state = self.reporter.requested
        due = now - self._last_time >= self.INTERVAL_SECONDS and self.step - self._counted >= self.stride
        if due or self._silent:
            self._silent = False
            self._point(now, logs or {})
        if state is not None:
            raise Ended(state)

    def on_train_end(self, logs: Any = None) -> None:
        """Forget where a portion began."""
        self.first_step = 0

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Epoch-level values; a loss that is no number ends the run with a sentence."""
        values = {name: float(value) for name, value in (logs or {}).items()}
        self._check(values.get("loss", 0.0))
        self.epoch, self.step = epoch + 1, 0
        self.reporter.epoch_ended(epoch + 1, self.total_steps, values)
        self.reporter.set_best(self.best.epochs)

    def on_test_begin(self, logs: Any = None) -> None:
        """The training part of the epoch is over: take its throughput."""
        seconds = time.monotonic() - self._began
        steps = self.step - self.first_step
        if seconds > 0 and steps > 0:
            self.steps_per_second = steps / seconds
            self.throughputs.append(self.batches.num_examples * steps / self.batches.steps_per_epoch / seconds)

    def _point(self, now: float, logs: dict[str, Any]) -> None:
        count = self.step - self._counted
        values = {}
        for name, value in logs.items():
            total = float(value) * self.step
            values[name] = (total - self._sums.get(name, 0.0)) / count
            self._sums[name] = total
        self._check(float(logs.get("loss", 0.0)))
        elapsed = max(now - self._last_time, 1e-9)
        values["examples_per_second"] = count * self.batches.batch_size / elapsed
        values["learning_rate"] = float(np.asarray(self.model.optimizer.learning_rate))
        self.reporter.step_ended(self.total_steps, self.total_steps / self.batches.steps_per_epoch, values)
        self._counted, self._last_time = self.step, now

    def _check(self, loss: float) -> None:
        if not math.isfinite(loss):
            rate = self.spec.optimizer.learning_rate
            raise TrainyardError(
                f"The loss became {loss} in epoch {self.epoch + 1}: the weights have left the numbers a computer can "
                f"hold. Lower the learning rate (it was {rate:g}; try {rate / 10:g}) or set clip norm to 1."
            )


class Checkpoints(keras.callbacks.Callback):
    """Write a checkpoint after an epoch, but not more often than `seconds`: short epochs share one."""

    def __init__(self, path: Any, remembering: dict[str, Any], seconds: float, spent: float = 0.0) -> None:
        super().__init__()
        self.path, self.remembering, self.seconds = path, remembering, seconds
        self._began = time.monotonic() - spent
        self._last = time.monotonic()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Save at the boundary of an epoch."""
        if time.monotonic() - self._last >= self.seconds:
            self.save(epoch + 1, 0, 0)

    def save(self, epoch: int, step: int, total_steps: int) -> None:
        """Write the state now: `step` updates of `epoch` are done."""
        states = {name: callback.state() for name, callback in self.remembering.items()}
        spent = time.monotonic() - self._began
        save_checkpoint(self.path, self.model, Position(epoch, step, total_steps, states, spent))
        self._last = time.monotonic()
