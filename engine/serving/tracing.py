"""Loaded networks as graphs: calling a model itself costs milliseconds of Python each time."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from engine.data_info import DataInfo
from engine.modalities.base import modalities
from engine.tasks.base import Call
from engine.tasks.graph import STORED, feed
from engine.training.tensors import as_arrays, as_tensors, begun

Look = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
"""Raw inputs (batch, ...) -> outputs (batch, ...), and the representation (batch, units) by which inputs are compared."""


def traced_model(model: Any, info: DataInfo) -> Call:
    """The model as a graph: calling the model itself costs milliseconds of Python each time."""
    if isinstance(model.input, dict) and STORED in model.input:  # a task's own extra inputs: its lengths vary, too
        return _traced_with_extra(model)
    graph = _graph(model, info)
    return lambda inputs, extra=None: np.asarray(graph(inputs))


def looking_model(model: Any, info: DataInfo) -> Look:
    """The same for a model with two outputs."""
    graph = _graph(model, info)

    def look(inputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        outputs, representation = graph(inputs)
        return np.asarray(outputs), np.asarray(representation, np.float32)

    return look


def _graph(model: Any, info: DataInfo) -> Callable[[np.ndarray], Any]:
    """Trace the model now, and once for batches of all lengths."""
    import tensorflow as tf

    first = model.inputs[0]
    if first.name == STORED and not isinstance(
        model.input, dict
    ):  # what the task made of inputs, or arrays of one shape
        signature = tf.TensorSpec(first.shape, first.dtype)
    else:
        signature = modalities[info.modality].signature(info, first.dtype)
    traced = tf.function(lambda inputs: model(inputs, training=False), [signature])
    traced.get_concrete_function()

    def graph(inputs: np.ndarray) -> Any:
        tensors = as_tensors(inputs)
        return traced(tensors if isinstance(tensors, dict) else tf.cast(tensors, signature.dtype))

    return graph


def _traced_with_extra(model: Any) -> Call:
    """The same for a network that is fed more than one input: shapes are those of its inputs."""
    import tensorflow as tf

    specs = {name: tf.TensorSpec(tensor.shape, tensor.dtype) for name, tensor in model.input.items()}
    state = {name: tensor for name, tensor in model.input.items() if name in _names(model.output)}
    traced = tf.function(lambda fed: model(fed, training=False), [specs])
    traced.get_concrete_function()

    def call(inputs: np.ndarray, extra: Mapping[str, np.ndarray] | None = None) -> Any:
        fed = feed(as_tensors(inputs), {**begun(state, len(inputs)), **(extra or {})})
        return as_arrays(traced({name: tf.cast(value, specs[name].dtype) for name, value in fed.items()}), state)

    return call


def _names(outputs: Any) -> set[str]:
    """Names of the outputs of a network: an input of the same name is what an earlier call has left."""
    return set(outputs) if isinstance(outputs, dict) else set()
