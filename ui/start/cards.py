"""Cards of the start page: a picture, what it will do, one click to train it, one to change it first."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from engine.runs import RunSpec
from engine.service.commands import write_value
from ui import lab
from ui.data.importing import bring, draw_upload
from ui.language import N_, _
from ui.navigation import page

PICTURES = Path(__file__).with_name("pictures")
_COLUMNS = 2
_PICTURE_PIXELS = 176


@dataclass(frozen=True)
class Card:
    """A training that can be started at once."""

    name: str
    title: str
    text: str
    values: Mapping[str, str | int]
    """What differs from the defaults of the form, as `RunSpec.build` takes it."""
    alt: str
    """What the picture shows."""

    @property
    def picture(self) -> Path:
        """Return the file of its picture, which `scripts/cards.py` draws."""
        return PICTURES / f"{self.name}.webp"


CARDS = (
    Card(
        "digits", N_("Digits: then draw one"),
        N_("A small network learns handwritten digits. When it is done, draw one with your mouse or finger."),
        {"dataset": "mnist"}, N_("Handwritten digits"),
    ),
    Card(
        "films", N_("Film reviews: then write one"),
        N_("It learns from single sentences whether somebody liked a film. Then write a sentence of your own."),
        {"dataset": "movie-snippets"}, N_("Sentences from reviews, each marked as positive or negative"),
    ),
    Card(
        "words", N_("Spoken digits: then say one"),
        N_("It learns the sound of ten words. Then say one into your microphone."),
        {"dataset": "spoken-digits", "epochs": 25}, N_("Waveforms of three spoken words"),
    ),
    Card(
        "penguins", N_("Penguins: then fill in one"),
        N_("Bill, flipper and weight tell three species apart. Then measure a penguin of your own."),
        {"dataset": "penguins"}, N_("Penguins by bill and flipper length, coloured by species"),
    ),
    Card(
        "photos", N_("Photos: twenty a class are enough"),
        N_("It builds on a network that has seen a million photos, so twenty of each kind will do. Then take one."),
        {"dataset": "stamps", "model": "efficientnet-lite0"}, N_("Photos of animals, plants and things"),
    ),
)  # fmt: skip
"""In the order of the page. Own data comes after them."""


def draw_cards() -> None:
    """All cards in rows, the one for people's own data last."""
    places = [*CARDS, None]
    for start in range(0, len(places), _COLUMNS):
        row = st.columns(_COLUMNS, gap="medium")
        for column, card in zip(row, places[start : start + _COLUMNS], strict=False):
            with column, st.container(border=True, height="stretch"):
                _draw_own() if card is None else _draw_card(card)


def _draw_card(card: Card) -> None:
    with st.container(horizontal=True):  # where there is no room for both, the text goes below the picture
        st.image(card.picture, width=_PICTURE_PIXELS, alt=_(card.alt))
        with st.container(width="stretch", gap="small"):
            st.markdown(f"**{_(card.title)}**")
            st.caption(_(card.text))
            pressed = _draw_choices(card)
    if pressed:
        with lab.guarded():
            run = lab.launch(RunSpec.build(dict(card.values)))
            st.switch_page(page("run"), query_params={"run": str(run.id)})


def _draw_choices(card: Card) -> bool:
    """Draw what can be done with a card. Return whether it is to be trained."""
    with st.container(horizontal=True, vertical_alignment="center"):
        pressed = st.button(
            _("Train"),
            key=f"card-{card.name}",
            icon=":material/play_arrow:",
            help=_("Start with good values, and watch it learn."),
        )
        st.page_link(
            page("train"),
            label=_("Customise"),
            query_params={name: write_value(value) for name, value in card.values.items()},
            help=_("Look at the values first, and change them."),
        )
    return pressed


def _draw_own() -> None:
    st.markdown(f"**{_('Your own data')}**")
    st.caption(
        _(
            "A table, a folder of pictures or sounds in a zip, or texts. You see how it was understood before anything is "
            "trained, and which network suits how much there is."
        )
    )
    file = draw_upload("card.file")
    if file is not None:
        bring(file)
        st.switch_page(page("data"))
    st.page_link(
        page("data"),
        label=_("Record examples"),
        icon=":material/photo_camera:",
        query_params={"own": "record"},
        help=_("Show or say a few examples of each class."),
    )
    st.page_link(
        page("label"),
        label=_("Label pictures"),
        icon=":material/label:",
        help=_("Draw boxes in your own pictures, or give them classes."),
    )
    st.page_link(
        page("train"),
        label=_("Open the form"),
        icon=":material/tune:",
        help=_("The form with all datasets, models and hyperparameters."),
    )
