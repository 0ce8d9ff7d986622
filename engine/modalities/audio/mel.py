"""Log-mel spectrograms with numpy alone: for baselines and for pictures of audio clips."""

from functools import cache

import numpy as np

SAMPLE_RATE_HZ = 16_000
BANDS = 40
_WINDOW, _HOP, _FFT = 400, 160, 512  # 25 ms every 10 ms
_SMALLEST = 1e-6
_CHUNK_SAMPLES = 500_000  # bounds the memory of overlapping windows


def log_mel(samples: np.ndarray) -> np.ndarray:
    """(examples, samples) int16 at 16 kHz -> (examples, frames, 40 bands) float32: log of the mel energies."""
    samples = np.asarray(samples)
    if samples.shape[1] < _WINDOW:
        samples = np.pad(samples, ((0, 0), (0, _WINDOW - samples.shape[1])))
    count = max(1, _CHUNK_SAMPLES // samples.shape[1])
    parts = [_log_mel(samples[i : i + count]) for i in range(0, len(samples), count)]
    return np.concatenate(parts) if parts else np.empty((0, 0, BANDS), np.float32)


def _log_mel(samples: np.ndarray) -> np.ndarray:
    waves = samples.astype(np.float32) / 32_768
    windows = np.lib.stride_tricks.sliding_window_view(waves, _WINDOW, axis=1)[:, ::_HOP]
    spectra = np.fft.rfft(windows * np.hanning(_WINDOW).astype(np.float32), _FFT)
    energies = (np.abs(spectra) ** 2).astype(np.float32) @ _filters()
    logs: np.ndarray = np.log(energies + _SMALLEST)
    return logs


@cache
def _filters() -> np.ndarray:
    """(frequencies, bands): triangles of equal width on the mel scale, 2595 log10(1 + f / 700), from 20 Hz up."""
    low, high = (2595 * np.log10(1 + hertz / 700) for hertz in (20, SAMPLE_RATE_HZ / 2))
    edges = 700 * (10 ** (np.linspace(low, high, BANDS + 2) / 2595) - 1)
    frequencies = np.fft.rfftfreq(_FFT, 1 / SAMPLE_RATE_HZ)[:, None]
    rising = (frequencies - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - frequencies) / (edges[2:] - edges[1:-1])
    return np.maximum(0, np.minimum(rising, falling)).astype(np.float32)
