"""Audio clips: 16 bits, mono, 16 kHz; of a long one the loudest stretch counts, a short one ends in silence."""

from typing import Any

import numpy as np

from engine.advice.defaults import Advice, Facts
from engine.data_info import DataInfo
from engine.errors import TrainyardError
from engine.modalities.audio.own import CLIPS
from engine.modalities.base import Face, Inputs, Modality, modalities
from engine.modalities.given import only
from engine.modalities.occlusions import Occlusions
from engine.modalities.recipe import Recipe
from engine.modalities.schema import Schema, either, file, numbers
from engine.modalities.seen import Seen
from engine.settings import settings


@modalities.register("audio", "Audio clips")
class Audio(Modality):
    """(samples,) int16."""

    occludes = True
    own = CLIPS

    def decode_one(self, data: bytes, name: str, info: DataInfo) -> np.ndarray:
        """(samples,) int16 as in the dataset, from a sound file."""
        from engine.modalities.audio.clips import loudest
        from engine.readers.sounds import decode_sound, fit_length

        (length,) = info.shape
        return fit_length(loudest(decode_sound(data, name), length), length)

    def opened(self, data: bytes, name: str, pixels: int) -> np.ndarray:
        """All of it."""
        from engine.readers.sounds import decode_sound

        return decode_sound(data, name)

    def parse_arrays(self, instances: list[Any], info: DataInfo, where: str = "instances[0]") -> np.ndarray:
        """Lists of int16 samples, cut or filled with silence to the network's length."""
        found = np.zeros((len(instances), *info.shape), np.int16)
        for clip, instance in zip(found, instances, strict=True):
            samples = _samples(instance, where)[: len(clip)]
            clip[: len(samples)] = samples
        return found

    def schema(self, info: DataInfo | None = None) -> Schema:
        """Samples, or a file."""
        sample = {"type": "integer", "minimum": -32768, "maximum": 32767}
        words = "Samples of 16 bits, mono, 16 kHz; cut or filled with silence to the length of the dataset."
        return either(numbers((None,), sample, words) | {"minItems": 1}, file("A sound file."))

    @property
    def largest_mb(self) -> int:
        """Return the limit of a clip."""
        return settings().max_clip_mb

    def inputs(self, info: DataInfo) -> tuple[Any, Any]:
        """Clips (batch, any number of samples) int16 -> cut or filled with silence to the dataset's length."""
        import keras
        from keras import ops

        (samples,) = info.shape
        raw = keras.Input((None,), dtype="int16", name="waveform")
        whole = ops.pad(raw, [[0, 0], [0, samples]])[:, :samples]
        return raw, ops.reshape(whole, (-1, samples))  # says how long it is; networks are built for this length

    def measures(self, inputs: Inputs, where: np.ndarray, info: DataInfo) -> dict[str, np.ndarray]:
        """Seconds from the first to the last sound."""
        from engine.modalities.audio.clips import loud_seconds

        return {"seconds": loud_seconds(inputs[where])}

    def face(self, one: Any, info: DataInfo) -> Face:
        """The spectrogram."""
        from engine.modalities.audio.spectrograms import spectrogram, spectrogram_picture

        picture = spectrogram_picture(spectrogram(one))
        return Face(picture.resize((2 * picture.width, 2 * picture.height)))

    def feature_pictures(self, features: np.ndarray, originals: np.ndarray) -> list[bytes]:
        """(examples, frames, bands) -> spectrograms, each on the scale of the unchanged one."""
        from engine.modalities.audio.spectrograms import spectrogram_png

        return [spectrogram_png(one) for one in _scaled(features, originals)]

    def seen(self, features: np.ndarray, info: DataInfo) -> list[Seen]:
        """(examples, frames, bands) -> spectrograms, a pixel for each number."""
        from engine.modalities.audio.spectrograms import spectrogram_png

        return [Seen(spectrogram_png(one, scale=1)) for one in _scaled(features, features)]

    def occlude(self, one: np.ndarray, most: int, info: DataInfo, typical: Any) -> Occlusions:
        """Stretches of time in a band of pitch."""
        from engine.modalities.audio.occlusions import silence_fields

        return silence_fields(one[0], most)

    def advise(self, facts: Facts) -> Advice | None:
        """By the number of clips."""
        from engine.modalities.audio.advice import advise

        return advise(facts)

    def baseline(self, sample: np.ndarray, num_classes: int) -> Recipe:
        """Return a recipe on the mean loudness of each band of pitch, and how much it varies."""
        from engine.modalities.audio.baseline import recipe

        return recipe(sample, num_classes)


def _scaled(features: np.ndarray, originals: np.ndarray) -> np.ndarray:
    """Return features (examples, frames, bands) so that those of each original range from 0 to 1."""
    low, high = originals.min(axis=(1, 2), keepdims=True), originals.max(axis=(1, 2), keepdims=True)
    scaled: np.ndarray = (features - low) / np.maximum(high - low, 1e-6)
    return scaled


def _samples(instance: Any, where: str) -> np.ndarray:
    numbers = isinstance(instance, list) and bool(instance) and only(instance, 1, (int,))
    if not numbers or min(instance) < -32768 or max(instance) > 32767:
        raise TrainyardError(
            "{where} is not an audio clip: expected a list of whole numbers from -32768 to 32767 (16 "
            'kHz, mono), or {{"b64": "..."}} with an audio file.',
            where=where,
        )
    return np.array(instance, np.int16)
