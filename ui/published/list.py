"""All demos that somebody may use: the first page of a visitor."""

from typing import TYPE_CHECKING

import streamlit as st

from engine import service
from engine.sentences import word
from engine.tasks.base import tasks
from ui import lab
from ui.framed import DEMO
from ui.language import _
from ui.navigation import page, shown
from ui.plain import LONGEST_CAPTION, LONGEST_SENTENCE, plain_label
from ui.published.card import author_of
from ui.sentences import said

if TYPE_CHECKING:
    from engine.store.demos import Demo

_COLUMNS = 3


def draw_list() -> None:
    """Draw a card for each demo, with a link to its page."""
    st.title(_("Published demos"))
    found = service.demos.list_all(lab.actor())
    if not found:
        _draw_nothing()
        return
    st.caption(_("Try one: no login is needed."))
    draw_cards(found)


def draw_cards(found: "list[Demo]") -> None:
    """Draw a card for each of some demos."""
    places = st.grid(_COLUMNS, min_column_width=260)
    for demo in found:
        with places.cell().container(border=True):
            _draw_one(demo)


def task_of(demo: "Demo") -> str:
    """Return what a demo does, in a word or two."""
    name = demo.versions[demo.current].spec["task"]["name"]
    return said(word(tasks[name].title)) if name in tasks else plain_label(name)


def _draw_one(demo: "Demo") -> None:
    st.subheader(plain_label(demo.title or demo.name, LONGEST_CAPTION), anchor=False)
    closed = "" if demo.open else f" · {_('closed')}"
    st.caption(f"{task_of(demo)} · {plain_label(author_of(demo))}{closed}")
    if about := demo.texts.get("about"):
        st.markdown(plain_label(" ".join(about.split()), LONGEST_SENTENCE))
    st.page_link(
        page("demos"),
        label=_("Try it"),
        icon=":material/arrow_forward:",
        query_params={DEMO: demo.name},
        help=_("Open this demo."),
    )


def _draw_nothing() -> None:
    if not shown("runs"):
        st.info(_("No demo is published here yet."), icon=":material/info:")
        return
    st.info(_("No demo is published here yet. Open a run that has ended, and choose Publish."), icon=":material/info:")
    st.page_link(page("runs"), label=_("All runs"), icon=":material/list:", help=_("The table of all runs."))
