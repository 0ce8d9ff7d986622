"""Start: train something at once, or go on with what is there."""

import streamlit as st

from engine import service
from ui import lab
from ui.language import _
from ui.navigation import first_page, page
from ui.start.cards import draw_cards
from ui.start.recent import draw_recent
from ui.train.form import OTHER_PARAMS, means_form


def main() -> None:
    """Draw the cards and the newest runs."""
    params = st.query_params.to_dict()
    if params.keys() - OTHER_PARAMS and means_form(params):  # a link to the form, which once was the first page
        st.switch_page(page("train"), query_params=params)
    st.title(_("Train a neural network"))
    st.caption(_("Choose one, watch it learn, then try it yourself. Each takes about a minute."))
    draw_cards()
    draw_recent()
    st.toggle(
        _("Begin on the Train page"),
        value=first_page() == "train",
        key="begin_with_form",
        on_change=_choose_first_page,
        help=_("Open the form with all settings first, instead of this page. This page stays in the menu."),
    )


def _choose_first_page() -> None:
    service.preferences.set_first_page(lab.actor(), "train" if st.session_state["begin_with_form"] else "")


main()
