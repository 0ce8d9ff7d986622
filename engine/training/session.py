"""One attempt at a run from its position to its end: the only module that calls `fit` for it."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from engine.preparation.prepare import PreparedDataset
from engine.runs import RunSpec
from engine.training.best import BestEpoch
from engine.training.checkpointing import Checkpoints
from engine.training.leading import Lead
from engine.training.network import Network
from engine.training.pace import Pace
from engine.training.pipeline import Batches, batches_in
from engine.training.probing import Probing
from engine.training.replicas import Replicas
from engine.training.reporting import Report
from engine.training.seeds import SteadySeeds
from engine.training.steering import Steering

FIRST_EXECUTION_STEPS = 1
"""Steps in one call of the training graph at first: a graph without a loop is traced sooner, so the first point comes sooner."""
_EXECUTION_SECONDS = 0.25  # later: as many steps as fit in this, so that a stop is obeyed soon
_MAX_EXECUTION_STEPS = 256


def execution_steps(steps_per_second: float, steps_per_epoch: int) -> int:
    """Return the steps in one call of the training graph once the speed is known."""
    return max(1, min(round(steps_per_second * _EXECUTION_SECONDS), _MAX_EXECUTION_STEPS, steps_per_epoch))


def set_steps(model: keras.Model, steps: int) -> bool:
    """Run this many steps in one call of the training graph from now on; return whether it was another number before."""
    if steps == model.steps_per_execution and model.train_function is not None:
        return False
    model.steps_per_execution = steps
    model.make_train_function(
        force=True
    )  # the functions were traced for another number of steps, and would leave out batches
    return True


@dataclass
class Session:
    """One attempt at a run: its networks, data and callbacks, at the position where it continues."""

    spec: RunSpec
    data: PreparedDataset
    network: Network
    batches: Batches
    replicas: Replicas
    validation: Any
    class_weight: dict[int, float] | None
    report: Report
    best: BestEpoch
    keeping: Checkpoints
    seeds: SteadySeeds
    steering: Steering
    pace: Pace
    probing: Callable[[int], Probing] | None
    """Makes the callback that answers probes after this many epochs; None for a run that has none."""
    lead: Lead | None = None
    """Where it is one of several machines, the callback that has the others do the same steps."""
    watching: Probing | None = None
    """This callback, once training has begun."""

    def fit(self, extra: list[Any]) -> None:
        """Call Keras' `fit` in portions: the rest of an epoch, one epoch to measure where the speed is not known, and the rest."""
        with self.replicas.scope():
            self._fit(extra)

    def _fit(self, extra: list[Any]) -> None:
        report, epochs = self.report, self.spec.training.epochs
        remembering = [v for v in self.keeping.remembering.values() if v is not self.steering]
        callbacks = [self.seeds, *remembering, report, self.steering, self.keeping, self.pace, *extra]
        if self.probing is not None:
            self.watching = self.probing(report.epoch)
            callbacks.append(self.watching)
        if self.lead is not None:
            callbacks.insert(0, self.lead)
        steps = self.batches.steps_per_epoch
        first = min(FIRST_EXECUTION_STEPS, steps)
        if report.step == steps:
            self._execute(
                first
            )  # as before the first validation of a run that was not interrupted: the same graph rounds alike
            self._validate(callbacks)
        while report.epoch < epochs and not self.best.exhausted:
            exact, speed = self.steering.exact_epoch(), self.pace.steps_per_second
            now = exact == report.epoch
            single = now or self.replicas.count > 1  # TensorFlow 2.21 fails to run a loop of distributed steps
            self._execute(1 if single else execution_steps(speed, steps) if speed else first)
            one = now or report.step or not speed
            self._portion(callbacks, report.epoch + 1 if one else min(epochs, exact or epochs))
        self.pace.remember()

    def _execute(self, steps: int) -> None:
        """Run this many steps in one call of the training graph from now on."""
        if set_steps(self.network.trained, steps) and batches_in(self.validation) != 1:
            self.network.trained.make_test_function(force=True)

    def _portion(self, callbacks: list[Any], until_epoch: int) -> None:
        self.network.trained.fit(
            self.batches.dataset(self.report.step, self.class_weight),
            validation_data=self.validation,
            initial_epoch=self.report.epoch,
            epochs=until_epoch,
            steps_per_epoch=self.batches.steps_per_epoch
            - self.report.step,  # otherwise Keras makes two iterators per epoch
            class_weight=self.class_weight if self.spec.training.places == 1 else None,
            callbacks=callbacks,
            shuffle=False,  # the pipeline shuffles
            verbose=0,
        )

    def _validate(self, callbacks: list[Any]) -> None:
        """Finish an epoch that was interrupted after its last step."""
        model = self.network.trained
        everybody = keras.callbacks.CallbackList(callbacks, model=model)
        everybody.on_epoch_begin(self.report.epoch)
        logs = {name: float(value) for name, value in model.get_metrics_result().items()}
        found = model.evaluate(self.validation, callbacks=everybody, return_dict=True, verbose=0)
        everybody.on_epoch_end(self.report.epoch, logs | {f"val_{name}": value for name, value in found.items()})

    def keep(self) -> None:
        """Write the last checkpoint, then take the weights of the best epoch."""
        self.seeds.put_back()
        self.report.reporter.reached(self.report.total_steps, self.report.epoch)
        self.keeping.save(self.report.epoch, self.report.step, self.report.means)
        self.best.restore()

    def result(self) -> dict[str, Any]:
        """Return what is known at the end of training, before any evaluation."""
        seen = self.report.throughputs
        weights = hashlib.sha256()
        for value in self.network.counted.get_weights():
            weights.update(np.ascontiguousarray(value).data)
        return {
            "epochs": self.report.epoch,
            "best_epoch": self.best.epochs.get("epoch", 0),
            "examples_per_second": float(np.median(seen[1:] or seen)) if seen else 0.0,
            "seconds": round(self.keeping.spent, 3),
            "probe_seconds": round(self.watching.spent, 3) if self.watching else 0.0,
            "epoch_seconds": self._epoch_seconds(),
            "num_train_examples": self.batches.num_examples,
            "weights_sha256": weights.hexdigest(),
        }

    def _epoch_seconds(self) -> float:
        """Return the median time from the end of an epoch to that of the next one in this attempt, validation and checkpoint
        included; 0 where fewer than two ended."""
        ends = self.report.epoch_ends
        return round(float(np.median(np.diff(ends))), 4) if len(ends) > 1 else 0.0
