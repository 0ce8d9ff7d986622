"""Callbacks of `fit`: reporting, obeying a stop, remembering the best epoch, checkpoints."""

import errno
import logging
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np

from engine.artifacts import Artifacts
from engine.epochs import epoch_file, keep_epoch, let_go, thin_out
from engine.errors import TrainyardError
from engine.runs import RunSpec
from engine.sentences import Sentence
from engine.training.checkpoint import Position, assign, checkpoint_arrays, write_arrays
from engine.training.pipeline import Batches
from engine.training.reporter import Ended, Reporter

logger = logging.getLogger(__name__)


class BestEpoch(keras.callbacks.EarlyStopping):
    """Early stopping that survives a restart, and keeps the best weights even when it never stops."""

    def __init__(self, spec: RunSpec) -> None:
        super().__init__(
            monitor=spec.task.objective,
            mode="max" if spec.task.maximize else "min",
            patience=spec.training.patience or 10**9,
            restore_best_weights=True,
            start_from_epoch=min(spec.training.first_best, spec.training.epochs) - 1,
        )
        self.epochs: dict[str, float] = {}
        """Metrics of the best epoch, with `epoch` counted from 1."""
        super().on_train_begin()

    def on_train_begin(self, logs: Any = None) -> None:
        """Do nothing: `fit` is called in portions, and each must continue where the last one ended."""

    def on_train_end(self, logs: Any = None) -> None:
        """Do nothing: `restore` is called once, after the last portion."""

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Compare with the best epoch and remember a better one."""
        super().on_epoch_end(epoch, logs)
        if self.best_epoch == epoch and self.best_weights is not None:
            self.epochs = {"epoch": epoch + 1} | {k: float(v) for k, v in (logs or {}).items()}

    @property
    def exhausted(self) -> bool:
        """Whether patience had run out already when the state was written."""
        return bool(self.wait >= self.patience)

    def restore(self) -> None:
        """Give the model the weights of the best epoch, if one has ended."""
        if self.best_weights is not None:
            self.model.set_weights(self.best_weights)

    def state(self) -> dict[str, Any]:
        """Return what must outlive the process besides `best_weights`, as plain JSON."""
        best = None if self.best is None else float(self.best)
        return {"wait": self.wait, "best": best, "best_epoch": self.best_epoch, "epochs": self.epochs}

    def set_state(self, state: dict[str, Any]) -> None:
        """The inverse of `state`."""
        self.wait, self.best, self.best_epoch = state["wait"], state["best"], state["best_epoch"]
        self.epochs = state["epochs"]


class Plateau(keras.callbacks.ReduceLROnPlateau):
    """Reduce on plateau that survives a restart."""

    def __init__(self, plateau_factor: float, plateau_patience: int) -> None:
        super().__init__(monitor="val_loss", factor=plateau_factor, patience=plateau_patience)
        super().on_train_begin()

    def on_train_begin(self, logs: Any = None) -> None:
        """Do nothing: see `BestEpoch.on_train_begin`."""

    def state(self) -> dict[str, Any]:
        """Return what must outlive the process, as plain JSON; the learning rate itself is the optimizer's."""
        best = None if self.best is None else float(self.best)
        return {"best": best, "wait": self.wait, "cooldown_counter": self.cooldown_counter}

    def set_state(self, state: dict[str, Any]) -> None:
        """The inverse of `state`."""
        self.best, self.wait, self.cooldown_counter = state["best"], state["wait"], state["cooldown_counter"]


class SteadySeeds(keras.callbacks.Callback):
    """Keeps validation from changing seeds, so that it may be interrupted and repeated.

    Keras' recurrent layers draw their dropout in inference too, although they do not use it.
    """

    def __init__(self) -> None:
        super().__init__()
        self._before: list[np.ndarray] = []
        self._states: list[Any] = []

    def set_model(self, model: keras.Model) -> None:
        """Find the model's seeds once: a walk through all layers takes longer than a small epoch."""
        super().set_model(model)
        self._states = [v for v in model.non_trainable_variables if v.name == "seed_generator_state"]

    def on_test_begin(self, logs: Any = None) -> None:
        """Remember the seed states."""
        self._before = [keras.ops.convert_to_numpy(state).copy() for state in self._states]

    def on_test_end(self, logs: Any = None) -> None:
        """Restore the seed states."""
        self.put_back()

    def put_back(self) -> None:
        """Restore the states from before the validation, if one has begun and not ended."""
        if self._before:
            assign(self._states, self._before)
        self._before = []


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


class Checkpoints(keras.callbacks.Callback):
    """Writes a checkpoint after an epoch, but not more often than `seconds`: short epochs share one.

    The best epoch so far can be forked all the same: where no checkpoint is due at its end, its state is copied, which
    costs no disk space, and written before the next checkpoint.
    """

    def __init__(
        self,
        files: Artifacts,
        best: BestEpoch,
        remembering: dict[str, Any],
        seconds: float,
        about: Callable[[], dict[str, Any]] = dict,
        *,
        most_kept: int = 0,
    ) -> None:
        """`about` is constant information for forks; `most_kept` epochs can be forked."""
        super().__init__()
        self.files, self.best, self.remembering, self.seconds = files, best, remembering, seconds
        self.about, self.most_kept = about, most_kept
        self.more: list[Any] = []
        """Untrained weights that differ from their initial values: forks need them."""
        self._about: dict[str, Any] | None = None
        self._unwritten: tuple[int, dict[str, np.ndarray]] | None = None  # the best epoch so far, if no file has it
        self._began = self._last = time.monotonic()

    def go_on(self, spent: float) -> None:
        """Count from `spent` seconds on, of earlier attempts."""
        self._began = time.monotonic() - spent

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Save at the end of an epoch, or remember the best one."""
        if time.monotonic() - self._last >= self.seconds:
            self.save(epoch + 1)
        elif self.most_kept and self._best_epoch == epoch + 1:
            self._unwritten = epoch + 1, self._state(epoch + 1)

    def save(self, epoch: int, step: int = 0, means: list[np.ndarray] | None = None) -> None:
        """Write the state now: `step` updates of `epoch` are done, and `means` are its running means."""
        ended = epoch if not step else None
        if self._unwritten and self._unwritten[0] == ended:
            self._unwritten = None  # the checkpoint has it
        self.keep_best()
        self._write(self._state(epoch, step, means))
        if self.most_kept and ended:
            with _at_no_cost(Sentence("An epoch could not be kept.")):
                keep_epoch(self.files, ended)
        if self.most_kept:
            thin_out(self.files, self._best_epoch, self.most_kept)
        self._last = time.monotonic()

    def keep_best(self) -> None:
        """Write the best epoch so far where no file has it yet."""
        if self._unwritten is None:
            return
        (epoch, state), self._unwritten = self._unwritten, None
        with _at_no_cost(Sentence("The best epoch could not be kept.")):
            write_arrays(epoch_file(self.files, epoch), state)

    @property
    def spent(self) -> float:
        """Return the seconds spent in training, all attempts together."""
        return time.monotonic() - self._began

    @property
    def _best_epoch(self) -> int:
        return int(self.best.epochs.get("epoch", 0))

    def _state(self, epoch: int, step: int = 0, means: list[np.ndarray] | None = None) -> dict[str, np.ndarray]:
        states = {name: callback.state() for name, callback in self.remembering.items()}
        position = Position(epoch, step, states, self.spent)
        if self._about is None:
            self._about = self.about()
        return checkpoint_arrays(self.model, position, means or [], self.best.best_weights, self._about, self.more)

    def _write(self, state: dict[str, np.ndarray]) -> None:
        try:
            write_arrays(self.files.checkpoint, state)
        except OSError as error:
            if error.errno != errno.ENOSPC or not let_go(self.files):
                raise
            write_arrays(self.files.checkpoint, state)  # continuing matters more than going back


@contextmanager
def _at_no_cost(words: str) -> Iterator[None]:
    """Log disk errors and continue: a full disk, or one without links, must not end a run that needs no more space."""
    try:
        yield
    except OSError:
        logger.exception(words)
