"""The callback that writes checkpoints, and keeps the epochs that can be forked."""

import errno
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np

from engine.artifacts import Artifacts
from engine.epochs import epoch_file, keep_epoch, let_go, thin_out
from engine.sentences import Sentence
from engine.training.best import BestEpoch
from engine.training.checkpoint import Position, checkpoint_arrays, write_arrays

logger = logging.getLogger(__name__)


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
        writing: Callable[[], None] = lambda: None,
        written: Callable[[], None] = lambda: None,
    ) -> None:
        """`about` is constant information for forks; `most_kept` epochs can be forked; `writing` and `written` are called before and
        after each checkpoint."""
        super().__init__()
        self.files, self.best, self.remembering, self.seconds = files, best, remembering, seconds
        self.about, self.most_kept = about, most_kept
        self._writing, self._written = writing, written
        self.more: list[Any] = []
        """Untrained weights that differ from their initial values: forks need them."""
        self._about: dict[str, Any] | None = None
        self._unwritten: tuple[int, dict[str, np.ndarray]] | None = None  # the best epoch so far, if no file has it
        self._began = self._last = time.monotonic()
        self.earlier_seconds = 0.0
        """Time that earlier attempts spent in training."""

    def go_on(self, spent: float) -> None:
        """Count from `spent` seconds on, of earlier attempts."""
        self.earlier_seconds = spent
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
        self._writing()
        self._write(self._state(epoch, step, means))
        if self.most_kept and ended:
            with _at_no_cost(Sentence("An epoch could not be kept.")):
                keep_epoch(self.files, ended)
        if self.most_kept:
            thin_out(self.files, self._best_epoch, self.most_kept)
        self._written()
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
