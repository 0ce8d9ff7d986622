"""The shared parts of networks that follow speech: what is heard at each step, up to the end of each recording and no further."""

from abc import abstractmethod
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, NamedTuple

import numpy as np
from pydantic import Field as Setting

from engine.data_info import SAMPLE_RATE_HZ, DataInfo
from engine.models.audio import decibels
from engine.models.base import Model
from engine.models.regularisation import batch_norm
from engine.spec import ADVANCED, Range

if TYPE_CHECKING:
    import keras

_RANGE_DB = 60


class Heard(NamedTuple):
    """Symbolic tensors of what was heard."""

    hidden: Any
    """(batch, steps, units) float32."""
    inside: Any
    """(batch, steps) bool: whether a step comes before the end of the recording."""


class SpeechModel(Model):
    """Base of networks that take log-mel spectrograms of any length. These are frozen features, computed once.

    A batch is filled up with zeros: what is behind the end of a recording changes nothing of what is heard before it.
    """

    modalities: ClassVar[tuple[str, ...]] = ("speech",)
    strides: ClassVar[int] = 2
    """Columns of the spectrogram that make one step."""

    window_ms: Annotated[int, Range(10, 64), ADVANCED, Setting(title="Window (ms)")] = 32
    """Milliseconds of audio that one column of the spectrogram covers. Longer: finer frequencies, coarser time."""
    hop_ms: Annotated[int, Range(5, 40), ADVANCED, Setting(title="Hop (ms)")] = 20
    """Milliseconds from one column to the next; a step of the network is two columns. Time and memory grow as it shrinks."""
    mel_bands: Annotated[int, Range(16, 128), ADVANCED] = 40
    r"""Rows of the spectrogram: frequency bands that widen as in human hearing, $m = 2595 \log_{10}(1 + f / 700)$."""

    @property
    def step_seconds(self) -> float:
        """Length of one step."""
        return self.strides * self.hop_ms / 1000

    def learns(self, info: DataInfo) -> bool:
        """Return False: each recording is scaled by itself."""
        return False

    def learn(self, inputs: np.ndarray, info: DataInfo) -> dict[str, Any]:
        """Return nothing, as `learns` says."""
        return {}

    def freezes(self, info: DataInfo) -> bool:
        """Return True: a spectrogram costs more than a small network's step."""
        return True

    def lengths(self, features: np.ndarray) -> np.ndarray:
        """Return how many columns of each spectrogram (examples, longest, bands) come before its end; at least one."""
        there = np.asarray(features != 0).reshape(*features.shape[:2], -1).any(axis=2)
        return np.asarray(np.maximum(1, (there * np.arange(1, there.shape[1] + 1)).max(axis=1, initial=0)))

    def raw_lengths(self, inputs: np.ndarray) -> np.ndarray:
        """Return the columns of recordings (examples, samples)."""
        hop = SAMPLE_RATE_HZ * self.hop_ms // 1000
        samples = (np.asarray(inputs != 0) * np.arange(1, inputs.shape[1] + 1)).max(axis=1, initial=0)
        return np.asarray(np.maximum(1, -(-samples // hop)))

    def preprocess(self, x: Any, info: DataInfo) -> "keras.KerasTensor":
        """Recordings (batch, samples) int16 -> (batch, columns, bands), about -3 to 3, and zeros behind the end of each."""
        from keras import ops

        hop, window = (SAMPLE_RATE_HZ * ms // 1000 for ms in (self.hop_ms, self.window_ms))
        samples = _last(ops.cast(ops.not_equal(x, 0), "int32"))
        padded = ops.pad(x, [[0, 0], [0, window]])  # so that the last column does not depend on how far it is filled up
        mel = decibels(
            padded, window_ms=self.window_ms, hop_ms=self.hop_ms, mel_bands=self.mel_bands, range_db=_RANGE_DB
        )
        there = ops.cast(ops.less(_places(mel) * hop, samples + hop), "float32")[:, :, None]
        count = ops.maximum(ops.sum(there, axis=1, keepdims=True), 1.0)
        x = (
            mel - ops.sum(mel * there, axis=1, keepdims=True) / count
        ) * there  # rooms and microphones colour all columns alike
        spread = ops.sum(ops.square(x), axis=(1, 2), keepdims=True) / (count * self.mel_bands)
        return x / (ops.sqrt(spread) + 1.0)

    @abstractmethod
    def listen(self, x: "keras.KerasTensor") -> Heard:
        """(batch, columns, bands) -> what is heard at each step."""


def ends(x: Any) -> Any:
    """Spectrograms (batch, columns, bands), zeros behind the end -> (batch, columns) bool: whether a column comes before the end."""
    from keras import ops

    last = _last(ops.cast(ops.any(ops.not_equal(x, 0.0), axis=2), "int32"))
    return ops.less_equal(_places(x), last)


def columns_to_steps(x: Any, inside: Any, filters: int, kernel: int) -> Heard:
    """(batch, columns, bands) -> (batch, steps, filters) by three convolutions, of which the second takes two columns a step."""
    from keras import layers, ops

    for number, stride in enumerate((1, SpeechModel.strides, 1), 1):
        name = f"block{number}"
        x = layers.ZeroPadding1D(kernel // 2, name=f"{name}_fill")(x)
        x = layers.Conv1D(filters, kernel, strides=stride, use_bias=False, name=f"{name}_conv")(x)
        inside = inside[:, ::stride]
        x = batch_norm(f"{name}_bn")(x, mask=inside)
        x = layers.Activation("relu", name=f"{name}_activation")(x)
        x = x * ops.cast(inside, "float32")[:, :, None]
    return Heard(x, inside)


def _places(x: Any) -> Any:
    """(batch, steps, ...) -> (batch, steps) int32: 1, 2, 3 ..."""
    from keras import ops

    first = x if len(x.shape) == 2 else x[:, :, 0]
    return ops.cumsum(ops.cast(ops.ones_like(first), "int32"), axis=1)


def _last(there: Any) -> Any:
    """(batch, steps) int32, 1 where something is -> (batch, 1) int32: the place of the last one, counted from 1."""
    from keras import ops

    return ops.max(there * _places(there), axis=1, keepdims=True)
