"""What the pretended microphone of a browser hears: a human voice that says one word again and again."""

from pathlib import Path

import numpy as np

from engine.data_info import SAMPLE_RATE_HZ
from engine.datasets.spoken_digits import WORDS, SpokenDigits
from engine.modalities.audio.samples import encode_wav

WORD = "seven"
_PAUSE_SECONDS = 0.8  # however a recording of two seconds begins, the word is in it once as a whole
_QUIET = 0.03


def pretended_microphone(path: Path) -> str:
    """Write the word to a file; return the flag of Chromium that plays it for ever."""
    spoken = SpokenDigits().extra_test("human_voices")
    clip = spoken.inputs[np.flatnonzero(spoken.targets == WORDS.index(WORD))[0]]
    loud = np.flatnonzero(np.abs(clip.astype(np.int32)) > _QUIET * np.abs(clip.astype(np.int32)).max())
    pause = np.zeros(round(_PAUSE_SECONDS * SAMPLE_RATE_HZ), np.int16)
    path.write_bytes(encode_wav(np.concatenate([clip[loud[0] : loud[-1] + 1], pause])))
    return f"--use-file-for-fake-audio-capture={path}"
