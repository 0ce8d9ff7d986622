"""Words that were recorded alone, said one after the other: made of clips, with pauses, speeds, rooms and noise."""

from collections.abc import Sequence

import numpy as np

from engine.data_info import SAMPLE_RATE_HZ

_GAP_SECONDS = (0.02, 0.25)
_SPEED = (0.85, 1.18)
_SNR_DB = (0.0, 30.0)
_CLEAN = 0.2  # share of the varied strings without noise
_COLOUR_DB, _POINTS = 10.0, 4  # of a room or microphone: how much louder some pitches are, at so many of them
_LEVEL = 0.02  # of the loudest window: what is quieter at both ends of a clip is silence
_WINDOW = SAMPLE_RATE_HZ // 100
_MARGIN = 3  # windows


def trimmed(clip: np.ndarray) -> np.ndarray:
    """(samples,) int16 -> (samples,) float32 at full scale, without the silence at both ends."""
    wave = clip.astype(np.float32)
    windows = np.square(wave[: len(wave) // _WINDOW * _WINDOW].reshape(-1, _WINDOW)).mean(axis=1)
    loud = np.flatnonzero(windows > _LEVEL**2 * windows.max())
    if not len(loud):
        return wave
    start, end = max(0, loud[0] - _MARGIN) * _WINDOW, (loud[-1] + 1 + _MARGIN) * _WINDOW
    return np.asarray(wave[start:end] / max(1.0, float(np.abs(wave).max())), np.float32)


def said(words: Sequence[np.ndarray], rng: np.random.Generator, *, varied: bool) -> np.ndarray:
    """Return trimmed words (samples,) one after the other, (samples,) int16; `varied` as people, rooms and microphones do."""
    rate = rng.uniform(*_SPEED) if varied else 1.0
    parts = [_pause(rng)]
    for word in words:
        parts += [_played(word, rate), _pause(rng)]
    wave = np.concatenate(parts)
    if varied:
        wave = _coloured(wave, rng)
        if rng.random() >= _CLEAN:
            wave = _noisy(wave, rng.uniform(*_SNR_DB), rng)
    level = rng.uniform(0.2, 0.9) if varied else 0.7
    found = np.rint(wave / max(float(np.abs(wave).max()), 1e-6) * level * 32_767).astype(np.int16)
    found[-1] = found[-1] or 1  # the pause at the end belongs to the string
    return found


def _pause(rng: np.random.Generator) -> np.ndarray:
    return np.zeros(int(rng.uniform(*_GAP_SECONDS) * SAMPLE_RATE_HZ), np.float32)


def _played(wave: np.ndarray, rate: float) -> np.ndarray:
    """Faster or slower; the pitch changes too."""
    if rate == 1.0:
        return wave
    return np.asarray(np.interp(np.arange(0, len(wave) - 1, rate), np.arange(len(wave)), wave), np.float32)


def _padded(wave: np.ndarray) -> int:
    """Return a length for which a Fourier transform is fast."""
    from scipy.fft import next_fast_len  # late: a page loads this module, and needs no scipy

    return int(next_fast_len(len(wave), real=True))


def _coloured(wave: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    size = _padded(wave)
    spectrum = np.fft.rfft(wave, size)
    places = np.linspace(0, 1, len(spectrum)) ** 0.5
    gains = np.interp(places, np.linspace(0, 1, _POINTS), rng.normal(0, _COLOUR_DB, _POINTS))
    return np.asarray(np.fft.irfft(spectrum * 10 ** (gains / 20), size)[: len(wave)], np.float32)


def _noisy(wave: np.ndarray, snr_db: float, rng: np.random.Generator) -> np.ndarray:
    """With noise between hissing and rumbling."""
    size = _padded(wave)
    frequencies = np.fft.rfftfreq(size, 1 / SAMPLE_RATE_HZ)
    falling = np.maximum(frequencies, 40.0) ** -rng.uniform(0, 1)
    real, imaginary = rng.standard_normal((2, len(frequencies)))
    noise = np.fft.irfft((real + 1j * imaginary) * falling, size)[: len(wave)]
    power = np.square(wave).mean() / 10 ** (snr_db / 10)
    return np.asarray(wave + noise * np.sqrt(power / np.square(noise).mean()), np.float32)
