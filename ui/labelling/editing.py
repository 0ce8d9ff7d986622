"""Labelling one picture after the other: each change is stored at once."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING

import streamlit as st
from PIL import Image

from engine import service
from engine.errors import TrainyardError
from engine.imports.labelled import Labelled, png_size, read_said
from engine.imports.own_kinds import own_kind
from engine.settings import settings
from ui import lab
from ui.charts.boxes import colour, dash
from ui.charts.thumbnails import webp_url
from ui.labelling.address import chosen_picture, show_picture
from ui.labelling.proposing import proposed, proposer_of
from ui.labelling.side import draw_side
from ui.language import _
from ui.plain import plain_text
from ui.sentences import said
from ui.widgets.labeller import ClassLook, ShownPicture, Told, draw_labeller

if TYPE_CHECKING:
    from engine.store.labellings import Labelling

_STATE = "label.state"
_TICK_SECONDS = 1.0


@dataclass
class Progress:
    """What this session knows of a labelling beside what is stored."""

    session: str = field(default_factory=lambda: secrets.token_hex(4))
    received: int = 0
    """Number of the last message of the browser."""
    revision: int = 0
    """Counts proposals that came from here."""
    turn: int = 0
    """Counts what else was changed from here."""
    failed: bool = False
    problem: str = ""
    url: tuple[int, str] = (0, "")
    """The picture that was shown last, as a data URL, by its number."""


def draw_editing(labelling_id: int) -> None:
    """The picture with its boxes or its class; beside it classes, proposals, and the dataset."""
    states: dict[int, Progress] = st.session_state.setdefault(_STATE, {})
    state = states.setdefault(labelling_id, Progress())
    labelling = service.labellings.get(lab.actor(), labelling_id)
    waiting = proposer_of(labelling) is not None and not lab.predictor().ready()
    st.fragment(_draw, run_every=_TICK_SECONDS if waiting else None)(labelling_id, state, waiting)


def _draw(labelling_id: int, state: Progress, waiting: bool) -> None:
    if waiting and lab.predictor().ready():
        st.rerun()  # the timer ends when proposals can be had
    labelling = service.labellings.get(lab.actor(), labelling_id)
    left, right = st.columns([2, 1], gap="medium")
    with right:
        draw_side(labelling)
    with left:
        if not labelling.num_pictures:
            st.info(_("There are no pictures yet. Add some."), icon=":material/add_photo_alternate:")
            return
        number = _number(labelling)
        shown = service.labellings.picture(lab.actor(), labelling_id, number)
        with lab.guarded():
            if proposed(labelling, shown):
                state.revision += 1
                shown = service.labellings.picture(lab.actor(), labelling_id, number)
        if state.problem:
            st.error(said(state.problem), icon=":material/error:")
        _draw_picture(labelling, shown, state)


def _draw_picture(labelling: "Labelling", shown: Labelled, state: Progress) -> None:
    width, height = png_size(shown.content)
    if state.url[0] != shown.number:
        state.url = shown.number, _url(shown.content)
    total, done = labelling.num_pictures, labelling.num_done
    words = _("Picture {number:,} of {total:,} · {done:,} of {total:,} labelled")
    st.progress(done / total, words.format(number=shown.number, total=total, done=done))
    draw_labeller(
        f"labeller-{labelling.id}",
        labelling=labelling.id,
        picture=ShownPicture(shown.number, plain_text(shown.name), state.url[1], width, height),
        said=shown.said.to_dict(),
        revision=state.revision,
        turn=state.turn,
        classes=looks(labelling.classes),
        boxed=own_kind(labelling.kind).boxed,
        total=total,
        most=settings().max_boxes,
        session=state.session,
        received=state.received,
        failed=state.failed,
        on_told=lambda told: take(labelling, state, told),
    )


def looks(classes: Sequence[str]) -> list[ClassLook]:
    """Return how classes are shown: in colours that stay distinct under colour blindness, with patterns where these are used up."""
    return [ClassLook(plain_text(name), colour(index), dash(index)) for index, name in enumerate(classes)]


def take(labelling: "Labelling", state: Progress, told: Told) -> None:
    """Store the labels that the browser sent, and show the picture that it wants next."""
    state.received, state.failed, state.problem = told.sequence, False, ""
    try:
        service.labellings.save(lab.actor(), labelling.id, told.picture, read_said(told.said))
        if told.undoes and 1 <= told.to <= labelling.num_pictures:
            before = service.labellings.picture(lab.actor(), labelling.id, told.to).said
            back = read_said(before.to_dict() | {"label": told.back})
            service.labellings.save(lab.actor(), labelling.id, told.to, back)
            state.turn += 1
    except TrainyardError as error:
        state.failed, state.problem = True, error.sentence
        return
    if 1 <= told.to <= labelling.num_pictures:
        show_picture(told.to)


def _number(labelling: "Labelling") -> int:
    """The picture of the address, else the first that is not labelled."""
    asked = chosen_picture()
    if 1 <= asked <= labelling.num_pictures:
        return asked
    first = next(iter(service.labellings.open_numbers(lab.actor(), labelling.id)), 1)
    show_picture(first)
    return first


def _url(content: bytes) -> str:
    """A stored picture, which is a PNG of our own making, as a data URL."""
    with Image.open(BytesIO(content), formats=("PNG",)) as picture:
        return webp_url(picture.convert("RGB"))
