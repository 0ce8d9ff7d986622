"""A Keras callback that shows progress in the terminal."""

from typing import Any

import keras
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from engine.runs import Run


class EpochBar(keras.callbacks.Callback):
    """A progress bar over all epochs, with the newest metrics beside it."""

    def __init__(self, run: Run) -> None:
        super().__init__()
        self._bar = Progress(
            TextColumn(f"Run {run.id}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("epochs {task.fields[metrics]}"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
        )
        self._task = self._bar.add_task("", total=run.total_epochs, metrics="")

    def on_train_begin(self, logs: Any = None) -> None:
        """Show the bar; `fit` may be called several times."""
        self._bar.start()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Advance the bar."""
        words = " ".join(f"{k} {float(v):.4f}" for k, v in (logs or {}).items() if k != "learning_rate")
        self._bar.update(self._task, completed=epoch + 1, metrics=words)

    def on_train_end(self, logs: Any = None) -> None:
        """Leave the last state on the screen."""
        self._bar.stop()
