"""One attempt at a run whose model is boosted trees: beside `engine.training.session`, with the same ends.

An epoch is some rounds of boosting. Best epoch, early stopping, checkpoints, probes and the reporter are those of networks.
"""

import hashlib
import json
import math
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from engine.artifacts import TREES
from engine.data_info import DataInfo
from engine.errors import TrainyardError
from engine.models.boosted_trees import BoostedTrees, answering
from engine.preparation.prepare import PreparedDataset
from engine.runs import RunSpec
from engine.tasks.base import Call
from engine.training.best import BestEpoch
from engine.training.calling import BATCH, Watch
from engine.training.checkpoint import Position, read_arrays, write_arrays
from engine.training.checkpointing import Checkpoints
from engine.training.growing import Growing
from engine.training.probing import Probing
from engine.training.reporter import Reporter
from engine.trees import Trees


class Boosted:
    """The trees of a run, for training and as `engine.training.fitted.Fitted`: callbacks of Keras take them for a model."""

    file = TREES
    compared = ""
    non_trainable_variables = ()  # what draws at random while it answers: nothing

    def __init__(self, spec: RunSpec, info: DataInfo, data: PreparedDataset) -> None:
        assert isinstance(spec.model, BoostedTrees)
        self.spec, self.info, self.model = spec, info, spec.model
        self.stop_training = False
        self.matrices = {split: self.model.matrix(data.arrays(split)[0], info) for split in ("train", "validation")}
        self.targets = {split: np.asarray(data.arrays(split)[1]) for split in ("train", "validation")}
        weights = spec.task.class_weight(self.targets["train"], info)
        self.growing = Growing(
            self.model,
            self.matrices["train"],
            spec.task.even_targets(self.targets["train"], info),
            None if weights is None else np.array([weights[int(k)] for k in self.targets["train"]]),
            columns={name: value for name, value in info.learned.items() if name != "targets"},
            classes=info.num_classes,
            seed=spec.training.seed,
        )
        self.trees: Trees | None = None
        options = spec.task.compile_options(info)
        self._loss, self._metrics = options["loss"], options["metrics"]

    @property
    def grown(self) -> Trees:
        """Return the trees; there are some once an epoch has ended."""
        if self.trees is None:
            self.growing.grow(1)  # a run that was stopped before: one round, so that there is something to keep
            self.trees = self.growing.trees
        return self.trees

    def grow(self, rounds: int) -> None:
        """Grow until there are so many rounds."""
        self.growing.grow(rounds)
        self.trees = self.growing.trees

    def figures(self) -> dict[str, float]:
        """Return loss and metrics on both splits, named as Keras logs them."""
        found: dict[str, float] = {}
        for split, before in (("train", ""), ("validation", "val_")):
            if len(self.targets[split]):
                found |= {f"{before}{name}": value for name, value in self._measured(split).items()}
        return found

    def _measured(self, split: str) -> dict[str, float]:
        """Return loss and metrics of one split: the definitions are those of networks."""
        raw = self.grown.scores(self.growing.raw(self.matrices[split]), self.info.num_classes)
        scores = tf.constant(self.spec.task.raw_scores(raw, self.info), tf.float32)
        targets = self.spec.task.encode_targets(tf.constant(self.targets[split]), self.info)
        found = {"loss": float(np.mean(np.asarray(self._loss(targets, scores))))}
        for metric in self._metrics:
            metric.reset_state()
            metric.update_state(targets, scores)
            found[metric.name] = float(np.asarray(metric.result()))
        return found

    def get_weights(self) -> list[np.ndarray]:
        """Return what tells this state from later ones: how many rounds there are."""
        return [np.array([self.grown.rounds])]

    def set_weights(self, weights: list[np.ndarray]) -> None:
        """Forget the rounds after those of a state."""
        self.trees = self.grown.first(int(weights[0][0]))

    def outputs(self, inputs: np.ndarray) -> np.ndarray:
        """Return what the trees answer to raw inputs."""
        return np.asarray(answering(self.grown, self.spec.task, self.info)(inputs))

    def saved_call(self, watch: Watch | None = None) -> "TreesCall":
        """Return them as evaluation calls them."""
        return TreesCall(answering(self.grown, self.spec.task, self.info), watch)

    def call_for(self, example: np.ndarray) -> Call:
        """Return the call that answers."""
        return answering(self.grown, self.spec.task, self.info)

    def write(self, path: Path) -> None:
        """Write the trees."""
        write_arrays(path, self.grown.arrays())


class TreesCall:
    """Trees as evaluation calls them: `watch` is called after each batch."""

    def __init__(self, call: Call, watch: Watch | None) -> None:
        self._call, self._watch = call, watch

    def __call__(self, inputs: np.ndarray, extra: Any = None) -> np.ndarray:
        """Map raw inputs to outputs (examples, ...)."""
        parts = []
        for start in range(0, max(len(inputs), 1), 16 * BATCH):
            parts.append(np.asarray(self._call(inputs[start : start + 16 * BATCH])))
            if self._watch:
                self._watch()
        return np.concatenate(parts)

    def begin(self) -> None:
        """Do nothing: earlier calls leave nothing."""

    def representation(self, examples: int) -> np.ndarray | None:
        """Return None: inputs are not compared."""
        return None


class TreesCheckpoints(Checkpoints):
    """Checkpoints of trees: the trees, the state of what draws columns, and the position."""

    def _state(self, epoch: int, step: int = 0, means: list[np.ndarray] | None = None) -> dict[str, np.ndarray]:
        states = {name: callback.state() for name, callback in self.remembering.items()}
        position = Position(epoch, step, states, self.spent)
        plain = {"position": asdict(position), "drawing": self.model.growing.drawing}
        arrays = self.model.growing.trees.arrays()
        arrays |= {name: np.frombuffer(json.dumps(value).encode(), np.uint8) for name, value in plain.items()}
        best = {f"b{i}": value for i, value in enumerate(self.best.best_weights or [])}
        return {**arrays, **best}


class TreesProbing(Probing):
    """Probes that trees answer."""

    def _prepare(self, network: Any) -> None:
        self._model, self._features = network, None

    def _call(self, inputs: np.ndarray, extra: Any = None) -> Any:
        return self._model.outputs(inputs)


@dataclass
class Rounds:
    """How far training has come, and what it reports at the end of an epoch."""

    reporter: Reporter
    best: BestEpoch
    per_epoch: int
    examples: int
    epoch: int = 0
    step: int = 0
    """Always 0: an epoch ends as a whole."""
    throughputs: list[float] = field(default_factory=list)
    epoch_ends: list[float] = field(default_factory=list)

    @property
    def total_steps(self) -> int:
        """Return the rounds grown since the start of the run."""
        return self.epoch * self.per_epoch

    def ended(self, values: dict[str, float], seconds: float) -> None:
        """Report the values of an epoch; one that is not finite ends the run with a sentence."""
        for name, value in values.items():
            if name.endswith("loss") and not math.isfinite(value):
                raise TrainyardError(
                    "The {name} became {value} in epoch {epoch}. Look at the targets of the dataset, or lower the shrinkage.",
                    name=name,
                    value=value,
                    epoch=self.epoch + 1,
                )
        self.epoch += 1
        self.epoch_ends.append(time.monotonic())
        self.throughputs.append(self.examples / max(seconds, 1e-9))
        mine = {name: value for name, value in values.items() if not name.startswith("val_")}
        mine["examples_per_second"] = self.throughputs[-1]
        self.reporter.step_ended(self.total_steps, float(self.epoch), mine)
        self.reporter.epoch_ended(self.epoch, self.total_steps, values)
        self.reporter.set_best(self.best.epochs)


@dataclass
class BoostingSession:
    """One attempt at a run: its trees and callbacks, at the position where it continues."""

    spec: RunSpec
    data: PreparedDataset
    network: Boosted
    report: Rounds
    best: BestEpoch
    keeping: TreesCheckpoints
    probing: TreesProbing | None

    def take_position(self) -> None:
        """Continue from the run's own checkpoint, or begin."""
        for callback in (self.best, self.keeping):
            callback.set_model(self.network)
        if not self.keeping.files.checkpoint.is_file():
            return
        position, arrays = read_arrays(self.keeping.files.checkpoint)
        trees = Trees.of_arrays(arrays)
        self.network.growing.go_on(trees, json.loads(arrays["drawing"].tobytes()))
        self.network.trees = trees
        self.best.set_state(position.callbacks["best"])
        self.best.best_weights = [arrays["b0"]] if "b0" in arrays else None
        self.keeping.go_on(position.seconds)
        self.report.epoch = position.epoch

    def fit(self, extra: list[Any]) -> None:
        """Grow epoch after epoch until all are done, or none was better for long enough. Raise `Ended` where that is asked for."""
        report, epochs = self.report, self.spec.training.epochs
        callbacks = [*extra, *([self.probing] if self.probing is not None else [])]
        for callback in callbacks:
            callback.set_model(self.network)
            callback.on_train_begin()
        try:
            while report.epoch < epochs and not self.best.exhausted:
                report.reporter.obey()
                self._epoch(callbacks)
        finally:
            for callback in callbacks:
                callback.on_train_end()

    def _epoch(self, callbacks: list[Any]) -> None:
        began, epoch = time.monotonic(), self.report.epoch
        self.network.grow((epoch + 1) * self.report.per_epoch)
        seconds = time.monotonic() - began
        values = self.network.figures()
        self.best.on_epoch_end(epoch, values)
        self.report.ended(values, seconds)
        self.keeping.on_epoch_end(epoch, values)
        for callback in callbacks:
            callback.on_epoch_end(epoch, values)

    def keep(self) -> None:
        """Write the last checkpoint, then take the trees of the best epoch."""
        self.report.reporter.reached(self.report.total_steps, self.report.epoch)
        if self.report.epoch:
            self.keeping.save(self.report.epoch)
        self.best.restore()

    def result(self) -> dict[str, Any]:
        """Return what is known at the end of training, before any evaluation."""
        trees, seen, ends = self.network.grown, self.report.throughputs, self.report.epoch_ends
        values = hashlib.sha256()
        for name in ("feature_idx", "num_threshold", "value"):
            values.update(np.ascontiguousarray(trees.nodes[name]).data)
        return {
            "epochs": self.report.epoch,
            "best_epoch": self.best.epochs.get("epoch", 0),
            "trees": len(trees.ends),
            "leaves": int(trees.nodes["is_leaf"].sum()),
            "examples_per_second": float(np.median(seen[1:] or seen)) if seen else 0.0,
            "seconds": round(self.keeping.spent, 3),
            "probe_seconds": round(self.probing.spent, 3) if self.probing else 0.0,
            "epoch_seconds": round(float(np.median(np.diff(ends))), 4) if len(ends) > 1 else 0.0,
            "num_train_examples": self.report.examples,
            "weights_sha256": values.hexdigest(),
        }
