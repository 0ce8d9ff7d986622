"""Audio clips recorded by microphone: a recording is cut into clips of one length."""

from collections.abc import Iterator

import numpy as np
import streamlit as st

from engine import service
from engine.data_info import SAMPLE_RATE_HZ
from engine.errors import TrainyardError
from engine.modalities.audio.own import CLIPS
from engine.modalities.audio.samples import encode_wav, is_silent
from engine.settings import settings
from ui import lab
from ui.language import N_, _, plural
from ui.modalities.recording import Example, RecordedClass, Recorder, Recording, recorders
from ui.sentences import said


def draw(recording: Recording, recorded: RecordedClass, key: str) -> None:
    """A microphone that adds what it hears to a class, and the newest clip to listen to."""
    widget = f"{key}-{recorded.received}"
    seconds = f"{settings().recorded_clip_seconds:g}"
    st.audio_input(
        _("Recording"),
        sample_rate=SAMPLE_RATE_HZ,
        key=widget,
        disabled=not recording.room(recorded),
        on_change=lambda: _take(recording, recorded, widget),
        help=_("It is cut into clips of {seconds} s. Silent ones are left out.").format(seconds=seconds),
    )
    st.caption(
        plural("{count} clip of {seconds} s", "{count} clips of {seconds} s", len(recorded.examples)).format(
            count=len(recorded.examples), seconds=seconds
        )
    )
    if recorded.examples:
        st.audio(recorded.examples[max(recorded.examples)].data, format="audio/wav")


def _take(recording: Recording, recorded: RecordedClass, widget: str) -> None:
    if sound := st.session_state.get(widget):
        try:
            keep_clips(recording, recorded, sound.getvalue())
        except TrainyardError as error:
            recorded.notice = said(error)


def keep_clips(recording: Recording, recorded: RecordedClass, data: bytes) -> None:
    """Keep the clips of a recording that are not silent, as far as there is room. Raises `TrainyardError` for no sound."""
    recorded.received += 1  # the next recording is taken by a new widget
    file = (_("recording"), data)
    [found] = service.predictions.recorded(lab.actor(), lab.predictor(), "audio", [file], 0)
    if found.samples is None:
        raise TrainyardError(found.error)
    clips = list(cut(found.samples))
    recorded.notice = "" if clips else _("Nothing was heard. Is the right microphone chosen?")
    for clip in clips:
        if not recording.keep(recorded, recorded.received + 1, Example(encode_wav(clip))):
            return


def cut(samples: np.ndarray) -> Iterator[np.ndarray]:
    """(samples,) -> clips of one length without the silent ones. What is left at the end is a clip if it is the only one."""
    length = round(settings().recorded_clip_seconds * SAMPLE_RATE_HZ)
    for start in range(0, max(len(samples) - length, 0) + 1, length):
        if not is_silent(clip := samples[start : start + length]):
            yield clip


recorders.register(
    "audio",
    Recorder(
        CLIPS.name,
        N_("Microphone"),
        ":material/mic:",
        N_(
            "Record a class for half a minute: a sound that goes on, or one word again and again. The recording is cut into "
            "clips of equal length. Add a class for the background noise of your room."
        ),
        ".wav",
        draw,
    ),
)
