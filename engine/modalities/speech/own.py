"""Recordings that people bring with their transcripts: each becomes mono at 16 kHz."""

import itertools

from engine.data_info import SAMPLE_RATE_HZ
from engine.errors import TrainyardError
from engine.modalities.audio.own import ENDINGS, rewrite_sound
from engine.modalities.own import OwnKind, Rewritten
from engine.sentences import Sentence
from engine.settings import settings
from engine.speech.written import spoken

STEP_SECONDS = 0.04
"""What networks take for one step with their default values: of two columns, 20 ms each."""


def rewrite_recording(data: bytes, name: str) -> Rewritten:
    """Samples of 16 bits, not too many of them. Silence is left out."""
    samples, remark = rewrite_sound(data, name)
    seconds = len(samples) / 2 / SAMPLE_RATE_HZ
    if seconds > settings().max_speech_seconds:
        raise TrainyardError(
            "{name!r} is {seconds:.1f} s long; a recording with a transcript may be {limit:g} s long "
            "(TRAINYARD_MAX_SPEECH_SECONDS). Cut it at a pause.",
            name=name[-80:],
            seconds=seconds,
            limit=settings().max_speech_seconds,
        )
    return samples, remark


def unfit(text: str, samples: bytes) -> Sentence | None:
    """Return why a transcript cannot belong to a recording, (samples,) of 16 bits; None where it can."""
    said = spoken(text)
    if not said:
        return Sentence("It has no transcript.")
    needed = len(said) + sum(one == other for one, other in itertools.pairwise(said))
    seconds = len(samples) / 2 / SAMPLE_RATE_HZ
    if needed > int(seconds / STEP_SECONDS):
        return Sentence(
            "Its transcript has {count:,} characters, and it is only {seconds:.1f} s long: a network hears at most one in "
            "{step:g} s. Is it the right one?",
            count=len(said),
            seconds=seconds,
            step=STEP_SECONDS,
        )
    return None


RECORDINGS = OwnKind(
    "recordings",
    "Recordings with transcripts",
    Sentence("recordings"),
    dataset="my-recordings",
    field="recordings",
    endings=ENDINGS,
    task="automatic-speech-recognition",
    rewrite=rewrite_recording,
    array="samples",
    unfit=unfit,
)
