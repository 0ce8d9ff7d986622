"""Fields of a spectrogram, silenced one after the other."""

import itertools

import numpy as np

from engine.data_info import SAMPLE_RATE_HZ
from engine.modalities.occlusions import Occlusions, cuts

_WINDOW, _BANDS = 512, 6


def silence_fields(samples: np.ndarray, most: int) -> Occlusions:
    """(samples,) int16 -> variants without the sound of a stretch of time in a band of pitch.

    Parts are places in the spectrogram, from 0 to 1: bands lie evenly on the mel scale, as there.
    """
    from scipy.signal import istft, stft

    frequencies, _times, whole = stft(samples.astype(np.float32), SAMPLE_RATE_HZ, nperseg=_WINDOW)
    mels = np.linspace(0, np.log10(1 + SAMPLE_RATE_HZ / 2 / 700), _BANDS + 1)
    edges = (700 * (10**mels - 1)).tolist()
    parts, variants = [], []
    for start, end in cuts(whole.shape[1], max(1, most // _BANDS)):
        for band, (low, high) in enumerate(itertools.pairwise(edges)):
            hidden = whole.copy()
            hidden[(frequencies >= low) & (frequencies <= high), start:end] = 0
            sound = istft(hidden, SAMPLE_RATE_HZ, nperseg=_WINDOW)[1][: len(samples)]
            left, right = start / whole.shape[1], end / whole.shape[1]
            parts.append({"top": 1 - (band + 1) / _BANDS, "left": left, "bottom": 1 - band / _BANDS, "right": right})
            variants.append(np.rint(sound).clip(-32768, 32767).astype(np.int16))
    return Occlusions(parts, np.stack(variants))
