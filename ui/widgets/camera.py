"""A camera in the browser: frames while a button is held, or a frame now and then for as long as it is on.

`st.camera_input` takes one photo at a time and opens the camera anew for each.
"""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from ui.language import _
from ui.widgets.camera_script import CSS, HTML, JS

FRAME_PIXELS = 224
"""Side of the square frames."""
FRAMES_PER_SECOND = 8.0
"""While the button is held."""
MOST_FRAMES = 64
"""Frames that the browser may send at once."""
MOST_FRAME_BYTES = 200_000
_PREFIX = "data:image/jpeg;base64,"

_mount = st.components.v2.component("trainyard_camera", html=HTML, css=CSS, js=JS)


@dataclass(frozen=True)
class Frame:
    """One picture from the camera. The bytes come from a browser: they may be anything."""

    number: int
    data: bytes


@dataclass(frozen=True)
class Kept:
    """A frame that is kept, as the browser shows it."""

    number: int
    look: str
    """A small picture as a data URL."""


def record_frames(
    key: str,
    *,
    label: str,
    kept: Sequence[Kept],
    count: str,
    room: int,
    received: int,
    on_frames: Callable[[list[Frame]], None],
    on_delete: Callable[[int], None],
) -> None:
    """Record frames while a button is held, and show those in `kept`, each of which can be deleted.

    `count`: how many there are, in words. `room`: how many more may be recorded. `received`: number of the last frame that
    arrived; the browser keeps later ones until they have arrived, so that none is lost or taken twice.
    """
    _mount(
        key=key,
        data={
            **_data(label, FRAMES_PER_SECOND, received),
            "live": False,
            "room": room,
            "count": count,
            "kept": [[frame.number, frame.look] for frame in kept],
        },
        on_frames_change=lambda: on_frames(read_frames(_told(key, "frames"), received)),
        on_deleted_change=lambda: on_delete(number) if isinstance(number := _told(key, "deleted"), int) else None,
    )


def live_frame(key: str, *, label: str, frames_per_second: float) -> Frame | None:
    """Return the newest frame while the camera is on; the browser sends the next one when this one has been answered."""
    frames = read_frames(_told(key, "frames"), 0)
    received = frames[-1].number if frames else 0
    _mount(
        key=key,
        data={**_data(label, frames_per_second, received), "live": True, "room": 1, "count": "", "kept": []},
        on_frames_change=_nothing,
    )
    return frames[-1] if frames else None


def read_frames(told: Any, received: int) -> list[Frame]:
    """Return the frames later than `received` that a browser sent; anything that is none is left out."""
    frames = []
    for item in told[:MOST_FRAMES] if isinstance(told, list) else []:
        match item:
            case [int() as number, str() as url] if number > received and url.startswith(_PREFIX):
                if (data := _decoded(url.removeprefix(_PREFIX))) is not None:
                    frames.append(Frame(number, data))
    return frames


def _decoded(text: str) -> bytes | None:
    if len(text) > MOST_FRAME_BYTES * 4 // 3:
        return None
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def _told(key: str, name: str) -> Any:
    """Return what the browser said last."""
    state = st.session_state.get(key)
    return state.get(name) if state is not None else None


def _nothing() -> None:
    """Do nothing: the frame is read where the camera is drawn."""


def _data(label: str, rate: float, received: int) -> dict[str, Any]:
    return {
        "label": label,
        "rate": rate,
        "side": FRAME_PIXELS,
        "received": received,
        "most": MOST_FRAMES,
        "words": {
            "on": _("Turn on camera"),
            "off": _("Turn off camera"),
            "hold": _("Hold to record"),
            "full": _("The class is full"),
            "delete": _("Delete this example"),
            "NotAllowedError": _("The browser did not allow the camera. Allow it in the address bar, then try again."),
            "NotFoundError": _("There is no camera. Connect one, then try again."),
            "NotReadableError": _("The camera is in use by another program. Close that program, then try again."),
            "insecure": _("The browser gives the camera to pages over HTTPS or on this machine only."),
            "other": _("The camera cannot be opened."),
        },
    }
