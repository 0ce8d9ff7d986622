"""Sounds as pictures for people: pitch upwards, time to the right, loud spots bright. Networks make their own."""

import io
from functools import lru_cache

import numpy as np
from PIL import Image

from engine.data_info import SAMPLE_RATE_HZ

_WINDOW, _HOP, _BANDS = 512, 320, 48  # 32 and 20 ms
_RANGE_DB = 60.0
_MOST_COLUMNS = 256  # of a longer clip, as many columns that lie evenly in it
_COLOURS = np.array([[12, 10, 46], [72, 19, 104], [150, 38, 105], [221, 81, 58], [250, 165, 26], [252, 250, 170]])


def spectrogram(samples: np.ndarray) -> np.ndarray:
    """(samples,) int16 -> (columns, bands) between 0, which is 60 dB below the loudest spot, and 1."""
    padded = np.pad(samples.astype(np.float32), (_WINDOW // 2, _WINDOW // 2 + _HOP))
    starts = np.arange(0, len(padded) - _WINDOW, _HOP)
    starts = starts[:: -(-len(starts) // _MOST_COLUMNS)]
    frames = padded[starts[:, None] + np.arange(_WINDOW)] * np.hanning(_WINDOW).astype(np.float32)
    power = np.square(np.abs(np.fft.rfft(frames, axis=1))) @ _bands()
    decibels = 10 * np.log10(power + 1.0)  # 1: far below what the last bit of a sample makes
    loudest = max(float(decibels.max()), _RANGE_DB)  # of silence all is dark
    louder: np.ndarray = np.clip((decibels - loudest) / _RANGE_DB + 1, 0, 1)
    return louder


def spectrogram_picture(values: np.ndarray) -> Image.Image:
    """(columns, bands) 0..1 -> a picture of as many pixels."""
    place = np.clip(values, 0, 1).T[::-1] * (len(_COLOURS) - 1)
    channels = [np.interp(place, np.arange(len(_COLOURS)), colour) for colour in _COLOURS.T]
    return Image.fromarray(np.rint(np.stack(channels, axis=-1)).astype(np.uint8))


def spectrogram_png(values: np.ndarray, scale: int = 3) -> bytes:
    """(columns, bands) 0..1 -> the picture as PNG, `scale` times as large."""
    picture = spectrogram_picture(values)
    buffer = io.BytesIO()
    picture.resize((scale * picture.width, scale * picture.height), Image.Resampling.BICUBIC).save(buffer, format="PNG")
    return buffer.getvalue()


@lru_cache(maxsize=1)
def _bands() -> np.ndarray:
    """(frequencies, bands) float32: triangles whose middles lie evenly on the mel scale."""
    frequencies = np.fft.rfftfreq(_WINDOW, 1 / SAMPLE_RATE_HZ)
    mels = np.linspace(0, 2595 * np.log10(1 + SAMPLE_RATE_HZ / 2 / 700), _BANDS + 2)
    edges = 700 * (10 ** (mels / 2595) - 1)
    rising = (frequencies[:, None] - edges[:-2]) / np.diff(edges)[:-1]
    falling = (edges[2:] - frequencies[:, None]) / np.diff(edges)[1:]
    return np.maximum(np.minimum(rising, falling), 0).astype(np.float32)
