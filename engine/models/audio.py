"""The shared parts of audio networks: a clip becomes an image of its frequencies over time, the log-mel spectrogram."""

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field as Setting

from engine.data_info import SAMPLE_RATE_HZ, DataInfo
from engine.models.base import Model
from engine.models.regularisation import batch_norm
from engine.spec import ADVANCED, Range

if TYPE_CHECKING:
    import keras

_SILENCE = 1e-10  # power, where full scale is 1: its logarithm is far below any range
_MOST_LEARNED_FROM = 2_000  # clips: enough to know the mean of a band well
_BATCH = 64


class AudioModel(Model):
    """Base of networks that take log-mel spectrograms. These are frozen features: computed once for each clip."""

    modalities: ClassVar[tuple[str, ...]] = ("audio",)

    window_ms: Annotated[int, Range(10, 64), ADVANCED, Setting(title="Window (ms)")] = 32
    """Milliseconds of audio that one column of the spectrogram covers. Longer: finer frequencies, coarser time."""
    hop_ms: Annotated[int, Range(5, 40), ADVANCED, Setting(title="Hop (ms)")] = 20
    """Milliseconds from one column to the next. Time and memory grow as it shrinks."""
    mel_bands: Annotated[int, Range(16, 128), ADVANCED] = 40
    r"""Rows of the spectrogram: frequency bands that widen as in human hearing, $m = 2595 \log_{10}(1 + f / 700)$."""
    range_db: Annotated[int, Range(20, 120), ADVANCED, Setting(title="Range (dB)")] = 60
    """Anything this many decibels below the loudest point of a clip counts as silence; this hides how quiet the room was."""
    normalisation: Annotated[Literal["clip", "band"], ADVANCED] = "clip"
    """Clip: mean 0 and deviation 1 over each clip, whatever its loudness. Band: each band by its mean and deviation
    in the training split, so that small differences of quiet bands count."""

    def learns(self, info: DataInfo) -> bool:
        """Return True for normalisation by band, which depends on the training split."""
        return self.normalisation == "band"

    def learn(self, inputs: np.ndarray, info: DataInfo) -> dict[str, Any]:
        """Return mean and variance of each band over the clips (examples, samples) of the training split."""
        if not self.learns(info):
            return {}
        import keras

        start = keras.Input(info.shape, dtype="int16")
        model = keras.Model(start, self._decibels(start))
        step = -(-len(inputs) // _MOST_LEARNED_FROM)
        columns = model.predict(inputs[::step], batch_size=_BATCH, verbose=0).reshape(-1, self.mel_bands)
        mean, variance = columns.mean(axis=0, dtype=np.float64), columns.var(axis=0, dtype=np.float64)
        return {"mean": mean.tolist(), "variance": np.maximum(variance, 1.0).tolist()}

    def freezes(self, info: DataInfo) -> bool:
        """Return True: a spectrogram costs more than a small network's step."""
        return True

    def preprocess(self, x: Any, info: DataInfo) -> "keras.KerasTensor":
        """Clips (batch, samples) int16 -> (batch, frames, bands), about -3 to 3."""
        from keras import layers, ops

        x = self._decibels(x)
        if self.normalisation == "band":
            mean = info.learned.get("mean", [0.0] * self.mel_bands)
            variance = info.learned.get("variance", [1.0] * self.mel_bands)
            return layers.Normalization(mean=mean, variance=variance, dtype="float32", name="normalise")(x)
        x = x - ops.mean(x, axis=(1, 2), keepdims=True)
        return x / (ops.std(x, axis=(1, 2), keepdims=True) + 1.0)

    def _decibels(self, x: Any) -> "keras.KerasTensor":
        """As `decibels`, by its hyperparameters."""
        return decibels(
            x, window_ms=self.window_ms, hop_ms=self.hop_ms, mel_bands=self.mel_bands, range_db=self.range_db
        )


def decibels(x: Any, *, window_ms: int, hop_ms: int, mel_bands: int, range_db: int) -> "keras.KerasTensor":
    """Clips (batch, samples) int16 -> (batch, frames, bands), 0 dB at the loudest point of each clip.

    Not the layer's own decibels: their floor depends on the loudest point of the batch, so that an answer would depend on
    the other clips in the same request.
    """
    from keras import layers, ops

    window, hop = (SAMPLE_RATE_HZ * ms // 1000 for ms in (window_ms, hop_ms))
    x = layers.Rescaling(1 / 32_768, dtype="float32", name="scale")(x)
    x = layers.MelSpectrogram(
        fft_length=1 << (window - 1).bit_length(), sequence_length=window, sequence_stride=hop,
        sampling_rate=SAMPLE_RATE_HZ, num_mel_bins=mel_bands, min_freq=20.0, power_to_db=False,
        dtype="float32", name="mel",
    )(x)  # fmt: skip
    x = layers.Permute((2, 1), dtype="float32", name="frames")(x)
    x = 10.0 * ops.log10(ops.maximum(x, _SILENCE))
    return ops.maximum(x - ops.amax(x, axis=(1, 2), keepdims=True), -float(range_db))


def over_time(x: "keras.KerasTensor") -> "keras.KerasTensor":
    """(batch, frames, units) -> (batch, 2 units): mean and deviation over time, independent of length and position."""
    from keras import layers, ops

    return layers.Concatenate(name="over_time")([ops.mean(x, axis=1), ops.sqrt(ops.var(x, axis=1) + 1e-5)])


def convolutions(
    x: "keras.KerasTensor", filters: int, blocks: int, *, batch_normalisation: bool
) -> "keras.KerasTensor":
    """(batch, frames, bands) -> (batch, frames / 2^blocks, bands / 2^blocks, filters * 2^(blocks - 1))."""
    from keras import layers

    x = layers.Reshape((*x.shape[1:], 1), name="image")(x)
    for block in range(blocks):
        if min(x.shape[1:3]) < 2:
            break  # 16 bands can be halved four times, and a short clip fewer times
        name = f"block{block + 1}"
        x = layers.Conv2D(filters * 2**block, 3, padding="same", use_bias=not batch_normalisation, name=f"{name}_conv")(
            x
        )
        if batch_normalisation:
            x = batch_norm(f"{name}_bn")(x)
        # ReLU is monotonic, so the order changes no number, and after pooling it is a quarter of the work
        x = layers.MaxPooling2D(name=f"{name}_pool")(x)
        x = layers.Activation("relu", name=f"{name}_activation")(x)
    return x
