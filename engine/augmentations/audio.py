"""Changes to audio clips: variation of microphones, rooms and speakers is made once; masking differs in each epoch."""

from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np
from pydantic import Field as Setting

from engine.augmentations.base import Augmentation, augmentations
from engine.data_info import SAMPLE_RATE_HZ
from engine.spec import Range

if TYPE_CHECKING:
    import keras

_QUIET_SNR_DB = 40.0  # noise this far below the speech is hardly heard
_SLOPES = (0.0, 0.25, 0.5, 0.75, 1.0)  # how noise falls off with pitch: from hissing (white) to rumbling (brown)
_LOWEST_HZ = 40.0  # below this, nobody hears it, and noise stays level
_FULL_SCALE = 32_767


@augmentations.register("audio", "Audio augmentation")
class AudioAugmentation(Augmentation):
    """Play clips to the network shifted, faster, slower and with noise, and mask spans of time and bands of frequency.

    Hiding is SpecAugment (Park et al. 2019, https://arxiv.org/abs/1904.08779).
    """

    on_features: ClassVar[bool] = True
    made_once: ClassVar[tuple[str, ...]] = ("versions", "shift_ms", "speed", "noise", "lowest_snr")

    versions: Annotated[int, Range(2, 16)] = 6
    """Versions of each clip, including the unchanged one, when clips are shifted, sped up or slowed down, or made noisy.
    They are made once, before training; each epoch draws one. More versions take longer to make, not longer to train."""
    shift_ms: Annotated[int, Range(0, 500, step=10), Setting(title="Shift (ms)")] = 0
    """Shift the clip by up to this many milliseconds, earlier or later."""
    speed: Annotated[float, Range(0.0, 0.3, step=0.01)] = 0.0
    """Play up to this share faster or slower; the pitch changes too, as if another person spoke."""
    noise: Annotated[float, Range(0.0, 1.0, step=0.05)] = 0.0
    """Share of the changed versions that get noise, from hissing to rumbling."""
    lowest_snr: Annotated[float, Range(-5.0, 35.0, step=1.0), Setting(title="Lowest SNR (dB)")] = 10.0
    r"""The loudest noise, as $10 \log_{10}$ of speech power over noise power: each noisy version draws a value from this to 40."""
    hide_time: Annotated[float, Range(0.0, 0.5, step=0.05)] = 0.0
    """Hide two time spans, each up to this share of the clip; they differ in each epoch."""
    hide_pitch: Annotated[float, Range(0.0, 0.5, step=0.05)] = 0.0
    """Hide two frequency bands, each up to this share of all bands; they differ in each epoch."""

    def active(self) -> bool:
        """Whether any of the changes is on."""
        return self._varies or bool(self.hide_time or self.hide_pitch)

    @property
    def _varies(self) -> bool:
        return bool(self.shift_ms or self.speed or self.noise)

    @property
    def copies(self) -> int:
        """`versions` where clips themselves are changed, otherwise one."""
        return self.versions if self._varies else 1

    def apply(self, x: "keras.KerasTensor", seed: int) -> "keras.KerasTensor":
        """Spectrograms (batch, frames, bands) -> the same, with stretches of zeros: masked parts look average."""
        hide = hide_layer()
        if self.hide_time:
            x = hide(1, self.hide_time, seed, name="augment_hide_time")(x)
        if self.hide_pitch:
            x = hide(2, self.hide_pitch, seed + 1, name="augment_hide_pitch")(x)
        return x

    def vary(self, inputs: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Clips (examples, samples) int16 -> the same, each shifted, sped up or down and made noisy in its own way."""
        clips, count = inputs.astype(np.float32), len(inputs)
        shifts = rng.uniform(-1, 1, count) * self.shift_ms * SAMPLE_RATE_HZ / 1000
        rates = 1 + rng.uniform(-1, 1, count) * self.speed
        if self.shift_ms or self.speed:
            clips = _played(clips, shifts, rates)
        if self.noise:
            clips = _in_noise(clips, self.noise, self.lowest_snr, rng)
        return np.rint(clips).clip(-_FULL_SCALE, _FULL_SCALE).astype(np.int16)


def _played(clips: np.ndarray, shifts: np.ndarray, rates: np.ndarray) -> np.ndarray:
    """(examples, samples) float32, each played at its rate around its middle and shifted by its number of samples."""
    length = clips.shape[1]
    time, middle = np.arange(length), (length - 1) / 2
    return np.stack(
        [
            np.interp((time - middle - shift) * rate + middle, time, clip, left=0.0, right=0.0).astype(np.float32)
            for clip, shift, rate in zip(clips, shifts, rates, strict=True)
        ]
    )


def _in_noise(clips: np.ndarray, share: float, lowest_snr: float, rng: np.random.Generator) -> np.ndarray:
    """(examples, samples) float32; a share of them with noise of one of several colours at its own SNR."""
    noisy = np.flatnonzero(rng.random(len(clips)) < share)
    chosen, length = clips[noisy], clips.shape[1]
    colours = rng.integers(0, len(_SLOPES), len(noisy))
    noise = np.fft.irfft(np.fft.rfft(rng.standard_normal(chosen.shape, np.float32)) * _shapes(length)[colours], length)
    snr_db = rng.uniform(lowest_snr, _QUIET_SNR_DB, (len(noisy), 1))
    power = np.square(chosen).mean(axis=1, keepdims=True) / 10 ** (snr_db / 10)
    changed = clips.copy()
    changed[noisy] = chosen + noise * np.sqrt(power / np.square(noise).mean(axis=1, keepdims=True))
    return changed


@lru_cache(maxsize=4)
def _shapes(length: int) -> np.ndarray:
    """Return filters that make white noise of `length` samples fall off with frequency, (slopes, frequencies)."""
    frequencies = np.maximum(np.fft.rfftfreq(length, 1 / SAMPLE_RATE_HZ), _LOWEST_HZ)
    return np.asarray(frequencies ** -np.array(_SLOPES)[:, None], np.float32)


@lru_cache(maxsize=1)
def hide_layer() -> Any:
    """Return the layer's class, created late: importing this file must not import Keras. It is never saved."""
    import keras
    from keras import ops

    class Hide(keras.layers.Layer):  # type: ignore[misc]  # Keras has no types
        """Sets two random stretches along one axis to zero, other ones for each example; does nothing in inference."""

        def __init__(self, axis: int, share: float, seed: int, **options: Any) -> None:
            super().__init__(**options)
            self.axis, self.share = axis, share
            self.seed_generator = keras.random.SeedGenerator(seed)

        def call(self, x: Any, training: bool = False) -> Any:
            if not training:
                return x
            size = ops.shape(x)[self.axis]
            length = size if isinstance(size, int) else ops.cast(size, "float32")
            shape = (ops.shape(x)[0], 2, 1)
            width = keras.random.uniform(shape, 0.0, self.share * length, seed=self.seed_generator)
            start = keras.random.uniform(shape, seed=self.seed_generator) * (length - width)
            place = ops.arange(size, dtype="float32") + 0.5
            kept = ops.all(ops.logical_or(place < start, place > start + width), axis=1)  # (batch, size)
            return x * ops.cast(ops.expand_dims(kept, 3 - self.axis), x.dtype)

    return Hide
