"""Raw inputs as a network takes them: arrays as they are, strings as tensors, tables as a dict of both."""

from typing import Any

import numpy as np
import tensorflow as tf


def as_tensors(inputs: np.ndarray) -> Any:
    """(examples, ...) of any modality -> what `keras.Model.predict` takes: NumPy's strings are not among it."""
    if inputs.dtype.names:
        return {name: as_tensors(inputs[name]) for name in inputs.dtype.names}
    return tf.constant(inputs.tolist(), tf.string, inputs.shape) if inputs.dtype == object else inputs
