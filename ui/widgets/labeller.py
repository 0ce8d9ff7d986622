"""A picture on which people draw boxes, or to which they give a class, with mouse, finger and keys."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from ui.language import _
from ui.widgets.labeller_script import CSS, HTML, JS

_ENDLESS = 2**31
"""No picture has such a number, nor would a database take it."""
_mount = st.components.v2.component("trainyard_labeller", html=HTML, css=CSS, js=JS)


@dataclass(frozen=True)
class ClassLook:
    """A class as the browser shows it."""

    name: str
    colour: str
    dash: str
    """Pattern of the line of its boxes."""


@dataclass(frozen=True)
class ShownPicture:
    """The picture that is labelled now."""

    number: int
    name: str
    url: str
    """A data URL."""
    width: int
    """Of the stored picture in pixels: boxes are measured in these."""
    height: int


@dataclass(frozen=True)
class Told:
    """The last message of the browser: `said`, the labels, may be anything."""

    sequence: int
    picture: int
    said: Any
    to: int
    """Number of the picture to be shown next; 0: this one."""
    back: Any = None
    """With `to`, where the last class is taken back: the one that picture had before; absent otherwise."""
    undoes: bool = False


def draw_labeller(
    key: str,
    *,
    labelling: int,
    picture: ShownPicture,
    said: Any,
    revision: int,
    turn: int,
    classes: Sequence[ClassLook],
    boxed: bool,
    total: int,
    most: int,
    session: str,
    received: int,
    failed: bool,
    on_told: Callable[[Told], None],
) -> None:
    """Show a picture with its labels `said`, and hand on the messages of the browser.

    While one picture is shown the browser keeps its labels; only proposals are taken over, where `revision` has changed,
    and all where `turn` has. `session`: a text that is another one in each session; `received`: number of the last message that
    arrived in it; `failed`: it could not be stored.
    """
    _mount(
        key=key,
        data={
            "labelling": labelling,
            "picture": {
                "number": picture.number,
                "name": picture.name,
                "url": picture.url,
                "width": picture.width,
                "height": picture.height,
            },
            "said": said,
            "revision": revision,
            "turn": turn,
            "classes": [{"name": one.name, "colour": one.colour, "dash": one.dash} for one in classes],
            "boxed": boxed,
            "total": total,
            "most": most,
            "session": session,
            "received": received,
            "failed": failed,
            "label": _("Picture {number} of {total}").format(number=picture.number, total=total),
            "words": _words(boxed, most),
        },
        on_saved_change=lambda: _hand_on(key, received, on_told),
    )


def _hand_on(key: str, received: int, on_told: Callable[[Told], None]) -> None:
    state = st.session_state.get(key)
    told = read_told(state.get("saved") if state is not None else None)
    if told is not None and told.sequence > received:
        on_told(told)


def read_told(told: Any) -> Told | None:
    """Return a message of the browser; None for anything else."""
    match told:
        case {"sequence": int() as sequence, "picture": int() as picture, "said": said, "to": int() as to} if (
            0 <= picture < _ENDLESS
        ):
            return Told(sequence, picture, said, to, told.get("back"), "back" in told)
    return None


def _words(boxed: bool, most: int) -> dict[str, str]:
    keys = _(
        "Drag to draw a box. Keys: 1 to 9 class, S select, Shift and arrows move, Ctrl, Shift and arrows resize, Delete, "
        "Enter accepts a proposal, U undo, N or right arrow next."
    )
    return {
        "keys": keys if boxed else _("Keys: 1 to 9 class, U undo, N or right arrow next."),
        "choose": _("Classes"),
        "previous": _("Previous"),
        "next": _("Next"),
        "undo": _("Undo"),
        "empty": _("Nothing in it"),
        "add": _("New box"),
        "remove": _("Delete box"),
        "accept": _("Accept all"),
        "dismiss": _("Dismiss all"),
        "undone": _("Undone."),
        "nothing": _("There is nothing to undo."),
        "select": _("Select a box first: click it, or press S."),
        "boxes": _("There are boxes in this picture: delete them first."),
        "classes": _("Add a class first, beside the picture."),
        "full": _("A picture may have {most} boxes (TRAINYARD_MAX_BOXES).").format(most=most),
        "first": _("This is the first picture."),
        "last": _("This is the last picture."),
        "picked": _("{name}: {width} × {height} pixels at {left}, {top}"),
    }
