"""Audible parts of an audio clip."""

import numpy as np

from engine.data_info import SAMPLE_RATE_HZ

_NEARLY_ALL = 0.99  # of the energy of the loudest stretch
_WINDOW = SAMPLE_RATE_HZ // 50
_QUIET = 100  # of 32,768: a window that is nowhere louder counts as silent


def loudest(samples: np.ndarray, length: int) -> np.ndarray:
    """(samples,) int16 -> at most `length` of them, where most is to be heard: people speak when they are ready.

    Where several stretches hold nearly all that is to be heard, the middle one: the word then lies in its middle.
    """
    if len(samples) <= length:
        return samples
    heard = np.concatenate([[0.0], np.cumsum(np.square(samples, dtype=np.float64))])
    energy = heard[length:] - heard[:-length]
    best = np.flatnonzero(energy >= _NEARLY_ALL * energy.max())
    start = int(best[len(best) // 2])
    return samples[start : start + length]


def loud_seconds(clips: np.ndarray) -> np.ndarray:
    """(examples, samples) int16 -> (examples,) seconds from the first to the last audible part: the rest is padding."""
    windows = clips[:, : clips.shape[1] // _WINDOW * _WINDOW].reshape(len(clips), -1, _WINDOW)
    loud = np.abs(windows.astype(np.int32)).max(axis=2) > _QUIET
    first = loud.argmax(axis=1)
    last = loud.shape[1] - loud[:, ::-1].argmax(axis=1)
    found: np.ndarray = np.where(loud.any(axis=1), (last - first) * _WINDOW / SAMPLE_RATE_HZ, 0.0)
    return found
