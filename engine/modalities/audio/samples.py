"""Samples that are decoded already: whether anything is heard, and as a file for a player. No decoder here."""

import wave
from io import BytesIO

import numpy as np

from engine.data_info import SAMPLE_RATE_HZ

_QUIETEST = 3  # of 32,768: what dithering makes of silence


def is_silent(samples: np.ndarray) -> bool:
    """Whether nothing can be heard in (samples,) int16: for reports, since the clip may well be meant so."""
    return not len(samples) or int(np.abs(samples - samples.mean()).max()) <= _QUIETEST


def encode_wav(samples: np.ndarray) -> bytes:
    """(samples,) int16 at `SAMPLE_RATE_HZ` as a WAV file that every player takes."""
    buffer = BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE_HZ)
        file.writeframes(samples.astype("<i2").tobytes())
    return buffer.getvalue()
