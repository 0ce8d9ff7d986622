"""A page while the database cannot be used: the sentence instead of what it would draw, until it can again."""

from collections.abc import Callable

import streamlit as st

from engine.errors import StoreUnavailable
from engine.service import opened
from ui.lab import guarded
from ui.language import _
from ui.sentences import said

_LOOK_SECONDS = 3.0


def draw_with_database(draw: Callable[[], None]) -> None:
    """Draw a page, or say that the database cannot be used and go on by itself when it can."""
    with guarded():
        problem = _drawn(draw)
        if problem is not None:
            draw_outage(problem)
            st.caption(_("This page continues as soon as the database is available again."))
            st.fragment(_look, run_every=_LOOK_SECONDS)()


def _drawn(draw: Callable[[], None]) -> StoreUnavailable | None:
    """Draw a page; return what is wrong with the database where it cannot be used."""
    problem = opened.problem()
    if problem is None:
        try:
            draw()
        except StoreUnavailable as error:
            return error
    return problem


def draw_outage(problem: StoreUnavailable) -> None:
    """Say what is wrong with the database."""
    st.error(said(problem), icon=":material/database_off:")


def _look() -> None:
    """Draw the page again when the database can be used."""
    if opened.problem() is None:
        st.rerun()
