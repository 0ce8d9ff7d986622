"""Callbacks that compare epochs: the best one is remembered, and a plateau lowers the learning rate. Both survive a restart."""

from typing import Any

import keras

from engine.runs import RunSpec


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
