"""Speech: dictated, uploaded, or taken from the test split; recordings of any length."""

from collections.abc import Mapping

import streamlit as st

from engine.data_info import SAMPLE_RATE_HZ, DataInfo
from engine.datasets.base import Dataset
from engine.settings import settings
from ui.language import N_, _
from ui.modalities.audio import Sounds, example_input, upload_input
from ui.modalities.base import File, Tried, Way, register


class Speech(Sounds):
    """See `Modality`."""

    def size(self, info: DataInfo) -> str:
        """Nothing: recordings are of any length."""
        return ""

    def ways(self, dataset: Dataset) -> Mapping[str, Way]:
        """A recording that begins and ends when its speaker wants it to, an example, or files."""
        return WAYS


register("speech", Speech())


def dictate(tried: Tried, dataset: Dataset) -> list[File]:
    """A microphone. The browser asks for permission when somebody presses the button, not before."""
    sound = st.audio_input(
        _("Microphone"),
        sample_rate=SAMPLE_RATE_HZ,
        key=f"dictated-{tried.key}",
        help=_("Press to begin, and again to end. At most {seconds:g} seconds are transcribed at once.").format(
            seconds=settings().max_speech_seconds
        ),
    )
    st.caption(_("Your browser asks for permission; nothing is stored."))
    return [(_("recording"), sound.getvalue())] if sound else []


WAYS = {
    "record": Way(N_("Record"), ":material/mic:", dictate, made=True),
    "example": Way(N_("Example"), ":material/graphic_eq:", example_input, examples=True),
    "upload": Way(N_("Upload"), ":material/upload:", upload_input),
}
"""Ways to give speech, in the order of display."""
