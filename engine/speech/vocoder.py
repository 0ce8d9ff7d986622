"""From sound to a mel spectrogram and back: the phases that a spectrogram lacks are found by trying (Griffin and Lim 1984)."""

import base64
import io
from functools import cache

import numpy as np

from engine.data_info import SAMPLE_RATE_HZ

BANDS, HOP, WINDOW = 64, 200, 800
"""12.5 ms from one frame to the next, 50 ms in each."""
_FLOOR, _SHIFT = 1e-3, 5.0
SILENCE = float(np.log(_FLOOR)) + _SHIFT
"""What a frame without sound has in each band."""
_LOWEST_HZ, _HIGHEST_HZ = 50.0, 7_600.0
_MOMENTUM = 0.99  # fast Griffin-Lim: Perraudin et al. 2013
_LOUDEST = 0.95  # of full scale: what is louder is made quieter as a whole


def mel_of(waves: np.ndarray) -> np.ndarray:
    """(examples, samples) int16 -> (examples, samples / HOP, BANDS) float32: the logarithm of how loud each band is."""
    found = []
    for wave in waves:
        frames = _frames(wave.astype(np.float32) / 32_768)[: len(wave) // HOP]
        magnitudes = np.abs(np.fft.rfft(frames * _window(), axis=1))
        found.append(np.log(np.maximum(magnitudes @ _filters(), _FLOOR)) + _SHIFT)
    return np.stack(found).astype(np.float32)


def sound_of(mel: np.ndarray, rounds: int = 40) -> np.ndarray:
    """(frames, BANDS) -> (frames * HOP,) int16, by so many rounds of Griffin and Lim."""
    wanted = np.maximum(np.exp(np.minimum(mel, 12.0) - _SHIFT) @ _inverse(), 0.0)
    rng = np.random.default_rng(0)
    angles = np.exp(2j * np.pi * rng.random(wanted.shape))
    before = np.zeros_like(angles)
    for _ in range(rounds):
        now = np.fft.rfft(_frames(_overlapped(wanted * angles))[: len(wanted)] * _window(), axis=1)
        moved = now - _MOMENTUM / (1 + _MOMENTUM) * before
        angles, before = moved / np.maximum(np.abs(moved), 1e-9), now
    wave = _overlapped(wanted * angles)
    return np.rint(wave / max(float(np.abs(wave).max()) / _LOUDEST, 1.0) * 32_767).astype(np.int16)


def stretched(mel: np.ndarray, speed: float) -> np.ndarray:
    """(frames, BANDS) -> fewer frames where it is to be faster, and more where it is to be slower."""
    if not len(mel):
        return mel
    places = np.linspace(0, len(mel) - 1, max(1, round(len(mel) / speed)))
    low = np.floor(places).astype(int)
    share = (places - low)[:, None]
    found: np.ndarray = mel[low] * (1 - share) + mel[np.minimum(low + 1, len(mel) - 1)] * share
    return found.astype(np.float32)


def voiced(mel: np.ndarray, margin: int = 4) -> np.ndarray:
    """(frames, BANDS) -> the same without the silence at both ends."""
    loud = np.flatnonzero(mel.mean(axis=1) > SILENCE + 0.5)
    return mel[max(0, loud[0] - margin) : loud[-1] + 1 + margin] if len(loud) else mel[:0]


def encoded(samples: np.ndarray) -> str:
    """(samples,) int16 -> an MP3 in base64, which every browser plays; empty for none."""
    if not len(samples):
        return ""
    import soundfile

    buffer = io.BytesIO()
    soundfile.write(buffer, samples.astype(np.float32) / 32_768, SAMPLE_RATE_HZ, format="MP3")
    return base64.b64encode(buffer.getvalue()).decode("ascii")


def _frames(wave: np.ndarray) -> np.ndarray:
    """(samples,) -> (frames, WINDOW), each around its place."""
    padded = np.pad(wave, WINDOW // 2)
    return np.asarray(np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP])


def _overlapped(spectra: np.ndarray) -> np.ndarray:
    """(frames, frequencies) -> (frames * HOP,): the sound whose frames are nearest to these."""
    parts = np.fft.irfft(spectra, WINDOW, axis=1) * _window()
    length = len(spectra) * HOP + WINDOW
    wave, weight = np.zeros(length), np.full(length, 1e-6)
    for number, part in enumerate(parts):
        wave[number * HOP : number * HOP + WINDOW] += part
        weight[number * HOP : number * HOP + WINDOW] += _window() ** 2
    return np.asarray((wave / weight)[WINDOW // 2 : WINDOW // 2 + len(spectra) * HOP])


@cache
def _window() -> np.ndarray:
    return np.asarray(np.hanning(WINDOW + 1)[:-1], np.float32)


@cache
def _filters() -> np.ndarray:
    """(frequencies, bands): triangles of equal width on the mel scale."""
    low, high = (2595 * np.log10(1 + hertz / 700) for hertz in (_LOWEST_HZ, _HIGHEST_HZ))
    edges = 700 * (10 ** (np.linspace(low, high, BANDS + 2) / 2595) - 1)
    frequencies = np.fft.rfftfreq(WINDOW, 1 / SAMPLE_RATE_HZ)[:, None]
    rising = (frequencies - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - frequencies) / (edges[2:] - edges[1:-1])
    found = np.maximum(0, np.minimum(rising, falling)).astype(np.float32)
    return np.asarray(found / np.maximum(found.sum(axis=0), 1e-6))


@cache
def _inverse() -> np.ndarray:
    """(bands, frequencies)"""
    return np.asarray(np.linalg.pinv(_filters()), np.float32)
