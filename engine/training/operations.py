"""Arithmetic operations of a network and the numbers it keeps, counted layer by layer for one example.

A product of weights counts two operations, a multiplication and an addition, for each weight and each place where it is used.
Any other layer counts one for each number of its input or output, whichever is more; one that only moves or looks up
numbers counts none. TensorFlow's profiler would need a network with weights, and counts a loop over time as one
step; this needs shapes only.
"""

import math
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import layers

from engine.preparation.prepare import PreparedDataset
from engine.runs import RunSpec

_MOVING = (
    *(layers.InputLayer, layers.Reshape, layers.Flatten, layers.Permute, layers.Dropout, layers.Embedding),
    *(layers.ZeroPadding2D, layers.Concatenate, layers.TextVectorization),
)
_OVER_TIME = (layers.RNN, layers.Bidirectional, layers.MultiHeadAttention)
_SAMPLE = 256


class Lengths(NamedTuple):
    """Lengths of examples after truncation, mean and longest: those of one batch differ little."""

    mean: int = 1
    longest: int = 1


def measure_lengths(spec: RunSpec, data: PreparedDataset) -> Lengths:
    """Measure some hundred training examples, if the model gives lengths; time depends on the mean, memory on the longest."""
    if not data.modality.ragged:
        return Lengths()
    where = data.indices("train")
    sample = np.asarray(data.inputs[where[:: -(-len(where) // _SAMPLE)]])
    found = spec.task.raw_lengths(spec.model, sample)
    if found is None or not len(found):
        return Lengths()
    return Lengths(max(1, round(float(np.mean(found)))), max(1, int(np.max(found))))


def count_flops(model: keras.Model, length: int = 1) -> int:
    """Return the floating point operations of one example's pass through `model`; an axis of any length is `length` long."""
    return sum(_flops(layer, length) for layer in flat(model.layers))


def count_kept(found: Iterable[keras.layers.Layer], length: int = 1) -> int:
    """Return the numbers of one example that the backward pass needs: layer outputs, and internal values of some layers."""
    return sum(_sizes(layer.output, length) + _inside(layer, length) for layer in found)


def flat(found: Iterable[keras.layers.Layer]) -> Iterator[keras.layers.Layer]:
    """Return layers, with nested networks replaced by their layers."""
    for layer in found:
        if isinstance(layer, keras.Model):
            yield from flat(layer.layers)
        else:
            yield layer


def _flops(layer: keras.layers.Layer, length: int) -> int:
    out = _sizes(layer.output, length)
    if isinstance(layer, layers.MelSpectrogram):
        return _spectrogram(layer, length)
    kernels = sum(math.prod(weight.shape) for weight in layer.weights if "kernel" in weight.name)
    if not kernels:
        return 0 if isinstance(layer, _MOVING) else max(out, _sizes(layer.input, length))
    biased = out if getattr(layer, "use_bias", False) else 0
    bent = out if getattr(layer, "activation", None) not in (None, keras.activations.linear) else 0
    return int(2 * kernels * _places(layer, length) + biased + bent + 2 * _attention(layer, length))


def _places(layer: keras.layers.Layer, length: int) -> int:
    """Return how often each weight is used: at each time step, or at each position of the output."""
    if isinstance(layer, _OVER_TIME):
        return _shapes(layer.input, length)[0][0]
    return math.prod(_shapes(layer.output, length)[0][:-1])


def _attention(layer: keras.layers.Layer, length: int) -> int:
    """Return the multiplications of attention: each query with each key, and the weights with the values."""
    if not isinstance(layer, layers.MultiHeadAttention):
        return 0
    return _pairs(layer, length) * 2 * int(layer.key_dim)


def _pairs(layer: keras.layers.MultiHeadAttention, length: int) -> int:
    asking, *others = [shape[0] for shape in _shapes(layer.input, length)]
    return int(layer.num_heads * asking * (others[0] if others else asking))


def _inside(layer: keras.layers.Layer, length: int) -> int:
    """Return the numbers that a layer keeps besides its output: attention scores, gates of every time step."""
    if isinstance(layer, layers.MultiHeadAttention):
        size = layer.num_heads * layer.key_dim
        return int(2 * _pairs(layer, length) + 4 * size * _shapes(layer.input, length)[0][0])
    if isinstance(layer, _OVER_TIME):
        both = [layer.forward_layer, layer.backward_layer] if isinstance(layer, layers.Bidirectional) else [layer]
        gates = sum(math.prod(w.shape[1:]) for each in both for w in each.weights if w.name == "recurrent_kernel")
        return int(2 * gates * _shapes(layer.input, length)[0][0])
    return 0


def _spectrogram(layer: keras.layers.MelSpectrogram, length: int) -> int:
    """Return the operations of a Fourier transform per frame, 5 n log2 n as is usual, and of the mel bands."""
    [(bands, frames)] = _shapes(layer.output, length)
    n = layer.fft_length
    return int(frames * (5 * n * math.log2(n) + 2 * bands * (n // 2 + 1)))


def _shapes(tensors: Any, length: int) -> list[tuple[int, ...]]:
    """Return shapes without the batch axis."""
    return [tuple(int(axis or length) for axis in tensor.shape[1:]) for tensor in keras.tree.flatten(tensors)]


def _sizes(tensors: Any, length: int) -> int:
    return sum(math.prod(shape) for shape in _shapes(tensors, length))
