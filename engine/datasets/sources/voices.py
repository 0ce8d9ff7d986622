"""The speech programs whose voices speak the embedded synthetic words."""

import re
from collections.abc import Sequence

import numpy as np

SOURCE = (
    "Made for this project with three speech programs: Kokoro-82M, https://huggingface.co/hexgrad/Kokoro-82M; "
    "flite, https://github.com/festvox/flite; espeak-ng, https://github.com/espeak-ng/espeak-ng"
)
"""Source of all the synthetic words."""
_SPEED = re.compile(r"^(fli-[a-z]+)(?:16)?\d\.\d$")  # "fli-kal160.9": the voice kal16 at 0.9 of its speed


def speakers(voices: Sequence[str]) -> np.ndarray:
    """Return (examples,) names of speakers: a voice at another speed is the same one, and must not be in two splits."""
    return np.array([_SPEED.sub(r"\1", voice) for voice in voices])


def programs(voices: Sequence[str]) -> np.ndarray:
    """Return the speech program that made each clip, (examples,) int64: every split gets voices of all of them."""
    return np.unique([voice[:3] for voice in voices], return_inverse=True)[1].astype(np.int64)
