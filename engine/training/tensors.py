"""Raw inputs in the form that networks take: arrays as they are, strings as tensors, several fields as a dict.

The type of the array decides, whatever it means: Keras and TensorFlow take no NumPy strings and no structured arrays.
"""

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import tensorflow as tf


def as_tensors(inputs: np.ndarray) -> Any:
    """(examples, ...) of any modality -> the input of `keras.Model.predict`, which does not take NumPy strings."""
    if inputs.dtype.names:
        return {name: as_tensors(inputs[name]) for name in inputs.dtype.names}
    return tf.constant(inputs.tolist(), tf.string, inputs.shape) if inputs.dtype == object else inputs


def as_arrays(outputs: Any, state: Collection[str] = ()) -> Any:
    """Return the outputs of a network, a tensor or a dict of them, as arrays. Those of `state` stay tensors: the next call takes
    them as they are, and a copy of what grows with each step would cost as much as the step."""
    if not isinstance(outputs, dict):
        return np.asarray(outputs)
    return {name: one if name in state else np.asarray(one) for name, one in outputs.items()}


def begun(state: Mapping[str, Any], batch: int) -> dict[str, np.ndarray]:
    """Return what the `state` of a network is before its first call, for a batch: zeros, and nothing where an axis grows."""
    return {
        name: np.zeros((batch, *(axis or 0 for axis in tensor.shape[1:])), tensor.dtype)
        for name, tensor in state.items()
    }


def predict(model: Any, inputs: np.ndarray, batch_size: int, callbacks: list[Any] | None = None) -> Any:
    """Return what `keras.Model.predict` returns for inputs (examples, ...) of any modality.

    Keras would round arrays of 64 bits to 32; a `tf.data.Dataset` keeps them.
    """
    tensors = as_tensors(inputs)
    if any(inputs.dtype[name].base == np.float64 for name in inputs.dtype.names or ()):
        exact = tf.data.Dataset.from_tensor_slices(tensors).batch(batch_size)
        return model.predict(exact, verbose=0, callbacks=callbacks)
    return model.predict(tensors, batch_size=batch_size, verbose=0, callbacks=callbacks)
