"""Answers some fixed validation examples at epoch ends, and a map of inputs where there is one, so that people can watch."""

import logging
import math
import time
from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from engine import probes
from engine.artifacts import Artifacts
from engine.data_info import DataInfo
from engine.preparation.grid import grid_of
from engine.preparation.prepare import PreparedDataset
from engine.preparation.varied import watched
from engine.runs import RunSpec
from engine.settings import settings
from engine.targets import Stored, finite_rows
from engine.tasks.base import Prediction, Task
from engine.tasks.graph import feed
from engine.training.calling import stepping
from engine.training.network import Network
from engine.training.seeds import SteadySeeds
from engine.training.tensors import as_arrays, as_tensors, begun

logger = logging.getLogger(__name__)

SHARE = 0.04
"""Share of a run's estimated time that probes may take."""
_FIRST_SECONDS = 0.2  # what the first answer is taken to cost before one is known
_AFTER_TRACING = 0.1  # what the second is taken to cost: most of the first is tracing


class Probing(keras.callbacks.Callback):
    """Answers the probes of a run at epoch ends, as long as that takes a small share of its time.

    The first and the last epoch are answered in any case. The inputs of the map go through the network with the probes: a
    second call would cost more than they do. It must come after `Report`, which knows the epoch.
    """

    def __init__(
        self,
        files: Artifacts,
        network: Any,
        data: PreparedDataset,
        info: DataInfo,
        spec: RunSpec,
        validation: np.ndarray,
        *,
        done: int,
        began: float,
    ) -> None:
        """`network` is a `Network`; `info` is what it was built for, `validation` the inputs that it is validated on; `done` epochs were
        trained before the attempt that `began`."""
        super().__init__()
        self.spent = 0.0
        """Seconds spent on probes."""
        self._spec, self._data, self._info, self._path = spec, data, info, files.probes
        self._validation = validation
        self._seeds = SteadySeeds()
        self._prepare(network)
        self._first, self._next_cost = done, _FIRST_SECONDS
        self._began, self._trains = began, time.monotonic()
        self._stride = math.ceil(spec.training.epochs / settings().probe_epochs)
        self._inputs: np.ndarray = np.empty(0)
        self._count = 0  # of the probes; those that they are compared with follow them, or the inputs of the map
        self._positions, self._companions = np.empty(0, int), np.empty(0, int)
        self._traced = False
        self._targets: Stored = np.empty(0)
        self._begun = False
        self._copied: Callable[[Mapping[str, Any]], str] | None = None

    def _prepare(self, network: Network) -> None:
        """Take what answers out of a network."""
        model = self._model = _answering(network, self._spec.task)
        self._step, self._state = stepping(model, network.tensors.state), network.tensors.state
        self._features = network.features if model is not network.saved else None

    def on_train_begin(self, logs: Any = None) -> None:
        """Choose the examples; those of an earlier attempt stay. `fit` is called in portions: only once."""
        if self._begun:
            return
        self._begun, began = True, time.monotonic()
        where = watched(self._data, self._spec.training.watched, settings().probe_examples)
        grid = grid_of(self._data, self._spec.task) if len(where) else None
        chosen = probes.Probed(
            [int(i) for i in where],
            [self._data.describe(int(i)) for i in where],
            self._data.content_hash,
            grid.map if grid else None,
        )
        known = probes.begin(self._path, chosen, self._first)
        where = self._positions = np.asarray(known.positions, int)
        raw, self._count = self._spec.task.prompts(np.asarray(self._data.inputs[where])), len(where)
        self._targets = self._spec.task.truth(raw, self._data.targets[where])
        self._companions = self._chosen_companions(where)
        parts = [raw if self._features is None else self._known(where)]
        if grid and known.map == grid.map:  # an earlier attempt may have begun with another grid
            parts.append(grid.inputs if self._features is None else self._compute(grid.inputs))
        if len(self._companions):
            parts.append(self._spec.task.prompts(np.asarray(self._data.inputs[self._companions])))
        self._inputs = np.concatenate(parts)
        self._seeds.set_model(self._model)
        if type(self._spec.task).copies is not Task.copies:
            self._copied = self._spec.task.copies(np.asarray(self._data.inputs[self._data.indices("train")]))
        self.spent += time.monotonic() - began

    def _chosen_companions(self, where: np.ndarray) -> np.ndarray:
        """Return positions of validation examples that the task wants beside the probes `where`."""
        others = np.setdiff1d(self._data.indices("validation"), where)
        return np.sort(np.random.default_rng(0).permutation(others)[: self._spec.task.companions])

    def _known(self, where: np.ndarray) -> np.ndarray:
        """Return the features of validation examples, which training has computed for all of them."""
        return np.asarray(self._validation[np.searchsorted(self._data.indices("validation"), where)])

    def _compute(self, inputs: np.ndarray) -> np.ndarray:
        """Return the features of inputs. Called, not `predict`: tracing for this one time would cost more than all epochs."""
        assert self._features is not None
        fed = tf.nest.map_structure(tf.convert_to_tensor, as_tensors(inputs))
        return np.asarray(self._features(fed, training=False))

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Answer, if it is this epoch's turn and the time allows it."""
        now = time.monotonic()
        if self._count and self._due(epoch + 1, now):
            self._seeds.on_test_begin()
            try:
                self._answer(epoch + 1)
            finally:
                self._seeds.on_test_end()
            cost = time.monotonic() - now
            self._next_cost = cost if self._traced else cost * _AFTER_TRACING
            self._traced = True
            self.spent += cost

    def _due(self, epoch: int, now: float) -> bool:
        epochs = self._spec.training.epochs
        if epoch in (self._first + 1, epochs):
            return True
        training = (now - self._trains) / (epoch - self._first) * (epochs - self._first)
        whole = self._trains - self._began + training
        allowed = (
            SHARE * whole * (1 + epoch / epochs) / 2
        )  # half of it at once, the rest evenly, so that no part of the run is missing
        return epoch % self._stride == 0 and self.spent + self._next_cost <= allowed

    def _answer(self, epoch: int) -> None:
        task, info = self._spec.task, self._info
        answered = task.answer(self._call, self._inputs, info, task.repeatable())
        if not finite_rows(answered).all():
            return  # the report says so
        outputs, heights = answered, None
        if len(self._companions):
            outputs = answered[: self._count]
        elif len(self._inputs) > self._count:
            outputs, heights = answered[: self._count], task.heights(answered[self._count :], info)
        predictions = self._predictions(answered, outputs)
        scores = task.example_scores(outputs, self._targets) if type(task).score is Task.score else {}
        answers = probes.Answers(
            epoch,
            predictions[0].kind,
            [prediction.values for prediction in predictions],
            {name: probes.finite(values.tolist()) for name, values in scores.items()},
            "" if heights is None else probes.packed(heights),
            [] if self._copied is None else [self._copied(prediction.values) for prediction in predictions],
        )
        try:
            probes.add(self._path, answers)
        except OSError:  # a full disk must not end a run that can go on without pictures
            logger.exception("The probes of epoch %s could not be written.", epoch)

    def _predictions(self, answered: Stored, outputs: Stored) -> list[Prediction]:
        """Return the answers to the probes, beside their companions where there are any."""
        task = self._spec.task
        if type(task).watched is Task.watched:
            return task.predictions(outputs, self._info)
        where = np.concatenate([self._positions, self._companions])
        targets = task.truth(self._inputs, self._data.targets[where])
        return task.watched(answered, self._inputs, targets, self._count, self._info)

    def _call(self, inputs: np.ndarray, extra: Mapping[str, np.ndarray] | None = None) -> Any:
        fed = feed(as_tensors(inputs), {**begun(self._state, len(inputs)), **(extra or {})})
        return as_arrays(self._step(tf.nest.map_structure(tf.convert_to_tensor, fed)), self._state)


def _answering(network: Network, task: Task) -> keras.Model:
    """Return the network that answers: behind its frozen part, which gives the same at each epoch, where that will do."""
    tensors = network.tensors
    if network.features is None or tensors.extra or type(task).answer is not Task.answer:
        return network.saved
    return keras.Model(tensors.frozen, tensors.final, name="probed")
