"""The saved model as evaluation calls it: on raw inputs, with what it makes of them before its head."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

from engine.tasks.graph import Tensors, feed
from engine.training.tensors import as_arrays, as_tensors, begun
from engine.training.tensors import predict as outputs_of

if TYPE_CHECKING:
    from engine.training.network import Network

BATCH = 64
"""Examples in one batch."""
WIDEST = 2048
"""Widest representation that inputs are compared by; where it is wider, by the scores."""
Watch = Callable[[], None]


class SavedModel:
    """The saved model of a network, as `engine.tasks.base.Call`.

    `watch` is called after each batch. For calls in a loop it is a graph that fits all shapes: `predict` costs 30 ms.
    """

    def __init__(self, network: "Network", watch: Watch | None = None) -> None:
        saved, compared = network.saved, compared_by(network.tensors)
        self._watch, self._seen = watch, list[np.ndarray]()
        self._model = saved if compared is None else keras.Model(saved.input, [saved.output, compared])
        self._compares, self._state = compared is not None, network.tensors.state
        self._watching = (
            [keras.callbacks.LambdaCallback(on_predict_batch_end=lambda batch, logs=None: watch())] if watch else None
        )
        self._step = stepping(saved, self._state)

    def __call__(self, inputs: np.ndarray, extra: Mapping[str, np.ndarray] | None = None) -> Any:
        """Map raw inputs, and what the graph takes beside them by name, to outputs (batch, ...)."""
        if not extra and not self._state:
            found = outputs_of(self._model, inputs, BATCH, self._watching)
            if self._compares:
                found, representation = found
                self._seen.append(np.asarray(representation, np.float32))
            return np.asarray(found)
        if self._watch:
            self._watch()
        fed = feed(as_tensors(inputs), {**begun(self._state, len(inputs)), **(extra or {})})
        return as_arrays(self._step({name: tf.convert_to_tensor(value) for name, value in fed.items()}), self._state)

    def begin(self) -> None:
        """Forget earlier calls."""
        self._seen.clear()

    def representation(self, examples: int) -> np.ndarray | None:
        """Return what the first call since `begin` made of its inputs (examples, units); None where it had other ones."""
        return self._seen[0] if self._seen and len(self._seen[0]) == examples else None


def stepping(model: Any, state: Mapping[str, Any]) -> Callable[[Any], Any]:
    """Return a model as a graph for calls in a loop.

    Where it has a `state`, which grows, there is one graph for all shapes, and nothing is chosen at a call: that would take a
    third of the time of a step of a small network.
    """
    if not state:
        step: Callable[[Any], Any] = tf.function(lambda fed: model(fed, training=False), reduce_retracing=True)
        return step
    specs = {name: tf.TensorSpec(tensor.shape, tensor.dtype) for name, tensor in model.input.items()}
    graph: Callable[[Any], Any] = tf.function(lambda fed: model(fed, training=False), [specs]).get_concrete_function()
    return graph


def compared_by(tensors: Tensors) -> Any:
    """Return the tensor (batch, units) by which inputs are compared; None where the task has none."""
    found = tensors.representation
    if found is None or tensors.extra or len(found.shape) != 2:
        return None
    return found if found.shape[1] is not None and found.shape[1] <= WIDEST else tensors.scores
