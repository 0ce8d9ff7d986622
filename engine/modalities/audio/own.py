"""Sounds that people bring: each becomes mono at 16 kHz."""

from engine.errors import TrainyardError
from engine.modalities.own import OwnKind, Rewritten
from engine.sentences import Sentence

ENDINGS = (".wav", ".flac", ".ogg", ".opus", ".oga", ".mp3", ".aif", ".aiff", ".aifc")


def rewrite_sound(data: bytes, name: str) -> Rewritten:
    """Samples of 16 bits. Silence is left out: all silent clips are equal."""
    from engine.modalities.audio.samples import is_silent
    from engine.readers.sounds import hear

    heard = hear(data, name)
    if is_silent(heard.samples):
        raise TrainyardError("{path!r} is silent from beginning to end. Record it again.", path=name[-80:])
    return heard.samples.astype("<i2").tobytes(), heard.remark


CLIPS = OwnKind(
    "clips",
    "Audio clips",
    Sentence("audio clips"),
    dataset="my-clips",
    field="clips",
    endings=ENDINGS,
    task="audio-classification",
    rewrite=rewrite_sound,
    array="samples",
)
