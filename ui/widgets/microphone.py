"""A microphone in the browser that records a short clip at one click and ends by itself.

`st.audio_input` needs a second click to end. Networks hear clips of one length, so that the end is known.
"""

import base64
import binascii
from dataclasses import dataclass
from typing import Any

import streamlit as st

from ui.language import _
from ui.widgets.microphone_script import CSS, HTML, JS

_PREFIX = "data:audio/wav;base64,"
_HEADER_BYTES, _SAMPLE_BYTES = 44, 2
_SLACK = 1.5  # browsers end a little late

_mount = st.components.v2.component("trainyard_microphone", html=HTML, css=CSS, js=JS)


@dataclass(frozen=True)
class Clip:
    """What the microphone heard. The bytes come from a browser: they may be anything."""

    number: int
    data: bytes


def record_clip(key: str, *, label: str, seconds: float, rate_hz: int) -> Clip | None:
    """Return the newest clip, a WAV file of one channel; one click records the next, for `seconds` at most."""
    most_bytes = round(_HEADER_BYTES + _SLACK * seconds * rate_hz * _SAMPLE_BYTES)
    state = st.session_state.get(key)
    clip = read_clip(state.get("clip") if state is not None else None, most_bytes)
    _mount(
        key=key,
        data={"label": label, "seconds": seconds, "rate": rate_hz, "words": _words(seconds)},
        on_clip_change=_nothing,
    )
    return clip


def read_clip(told: Any, most_bytes: int) -> Clip | None:
    """Return the clip that a browser sent, or None where it sent anything else."""
    match told:
        case [int() as number, str() as url] if url.startswith(_PREFIX):
            text = url.removeprefix(_PREFIX)
            if len(text) > most_bytes * 4 // 3 + 4:
                return None
            try:
                return Clip(number, base64.b64decode(text, validate=True))
            except (binascii.Error, ValueError):
                return None
    return None


def _nothing() -> None:
    """Do nothing: the clip is read where the microphone is drawn."""


def _words(seconds: float) -> dict[str, str]:
    return {
        "record": _("Record {seconds} s").format(seconds=f"{seconds:g}"),
        "stop": _("Stop"),
        "recording": _("Recording: speak now."),
        "NotAllowedError": _("The browser did not allow the microphone. Allow it in the address bar, then try again."),
        "NotFoundError": _("There is no microphone. Connect one, then try again."),
        "NotReadableError": _("The microphone is in use by another program. Close that program, then try again."),
        "insecure": _("The browser gives the microphone to pages over HTTPS or on this machine only."),
        "other": _("The microphone cannot be opened."),
    }
