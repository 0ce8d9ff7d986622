"""Speech: recordings of any length, heard from beginning to end. What ends in zeros ends where they begin."""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from engine.advice.defaults import Advice, Facts
from engine.data_info import SAMPLE_RATE_HZ, DataInfo
from engine.errors import TrainyardError
from engine.modalities.audio import Audio
from engine.modalities.base import Face, Inputs, Stored, modalities
from engine.modalities.schema import Schema, either, file, numbers
from engine.modalities.speech.clips import Clips, sounding, together
from engine.modalities.speech.own import RECORDINGS
from engine.settings import settings


@modalities.register("speech", "Speech")
class Speech(Audio):
    """(samples,) int16, of any length."""

    group = "audio"
    ragged = True
    occludes = False
    own = RECORDINGS
    checks = ("duplicates",)

    def store(self, inputs: np.ndarray) -> Stored:
        """The samples of all, and where each recording ends."""
        return Stored(Clips.of(list(inputs)).files(), (), "speech")

    def open(self, folder: Path) -> Inputs:
        """Filled up to the longest of those that are asked for."""
        return Clips.read(folder)

    def keys(self, inputs: Inputs) -> Iterable[bytes]:
        """A digest of the samples."""
        return (hashlib.sha256(clip.tobytes()).digest() for clip in inputs)

    def decode_one(self, data: bytes, name: str, info: DataInfo) -> np.ndarray:
        """(`max_speech_seconds`,) int16, filled up with zeros. Longer ones are refused: a part of a sentence says nothing."""
        from engine.readers.sounds import decode_sound

        samples = decode_sound(data, name)
        if len(samples) > _most_samples():
            raise TrainyardError(
                "{name!r} is {seconds:.1f} s long; speech may be {limit:g} s long at once (TRAINYARD_MAX_SPEECH_SECONDS). "
                "Cut it at a pause.",
                name=name[-80:],
                seconds=len(samples) / SAMPLE_RATE_HZ,
                limit=settings().max_speech_seconds,
            )
        return np.asarray(together([samples], _most_samples())[0])

    def parse_arrays(self, instances: list[Any], info: DataInfo, where: str = "instances[0]") -> np.ndarray:
        """Lists of int16 samples, filled up with zeros."""
        whole = DataInfo((_most_samples(),))
        for instance in instances:
            if isinstance(instance, list) and len(instance) > _most_samples():
                raise TrainyardError(
                    "{where} has {count:,} samples; speech may be {limit:g} s long at once (TRAINYARD_MAX_SPEECH_SECONDS).",
                    where=where,
                    count=len(instance),
                    limit=settings().max_speech_seconds,
                )
        return super().parse_arrays(instances, whole, where)

    def schema(self, info: DataInfo | None = None) -> Schema:
        """Samples, or a file."""
        sample = {"type": "integer", "minimum": -32768, "maximum": 32767}
        words = "Samples of 16 bits, mono, 16 kHz, from the beginning of a recording to its end."
        limits = {"minItems": 1, "maxItems": _most_samples()}
        return either(numbers((None,), sample, words) | limits, file("A sound file."))

    def fits(self, batch: np.ndarray, info: DataInfo) -> bool:
        """(examples, samples) int16."""
        return batch.dtype == np.int16 and batch.ndim == 2

    def inputs(self, info: DataInfo) -> tuple[Any, Any]:
        """Recordings (batch, samples) int16, of any length."""
        import keras

        raw = keras.Input((None,), dtype="int16", name="waveform")
        return raw, raw

    def signature(self, info: DataInfo, dtype: str) -> Any:
        """Any number of samples."""
        import tensorflow as tf

        return tf.TensorSpec([None, None], dtype)

    def measures(self, inputs: Inputs, where: np.ndarray, info: DataInfo) -> dict[str, np.ndarray]:
        """Seconds to the last sound."""
        return {
            "seconds": np.array([sounding(inputs[where[i : i + 1]][0]) for i in range(len(where))]) / SAMPLE_RATE_HZ
        }

    def face(self, one: Any, info: DataInfo) -> Face:
        """The spectrogram of what sounds."""
        return super().face(np.asarray(one)[: max(1, sounding(one))], info)

    def advise(self, facts: Facts) -> Advice | None:
        """Nothing was measured yet."""
        return None


def _most_samples() -> int:
    return int(settings().max_speech_seconds * SAMPLE_RATE_HZ)
