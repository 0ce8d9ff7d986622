"""The head of the Train form: what will be trained and what it will take, and the buttons that start it.

Nothing starts while anything in the form cannot be used: it would be another training than the one that is shown.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

import streamlit as st

from engine.runs import RunSpec
from ui import lab
from ui.language import _
from ui.navigation import page
from ui.train.fork_form import Fork
from ui.train.form import Form, give_up, reset_form

T = TypeVar("T")


def draw_launch(form: Form, spec: RunSpec, available: bool, fork: Fork | None) -> None:
    """Draw title and buttons, and why the run cannot start."""
    refused = fork.problem(spec) if fork is not None else ""
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.title(_("Train"), width="content")
        with st.container(horizontal=True, width="content"):
            st.button(
                _("Reset"),
                key="reset",
                type="tertiary",
                on_click=reset_form if fork is None else fork.reset,
                help=_("Back to the defaults") if fork is None else _("Back to the values of the parent"),
            )
            search = st.button(
                _("Search…"),
                key="search",
                icon=":material/query_stats:",
                disabled=fork is not None or bool(form.notes),
                help=_("Search for the best values of some hyperparameters instead."),
            )
            pressed = st.button(
                _("Train"),
                key="train",
                type="primary",
                icon=":material/play_arrow:",
                disabled=not available or bool(form.notes or refused),
            )
    draw_unusable(form.notes, give_up, form.unusable)
    if refused:
        st.error(refused, icon=":material/error:")
    if form.notes or refused:
        return  # a click can come together with the value that was typed last
    if search:
        st.switch_page(page("search"), query_params=st.query_params.to_dict())
    if pressed:
        with lab.guarded():
            run = lab.launch(spec) if fork is None else lab.fork(fork.parent.id, fork.epoch, spec)
            st.switch_page(page("run"), query_params={"run": str(run.id)})


def draw_unusable(notes: Sequence[str], mend: Callable[[T], None], given: T) -> None:
    """Say what cannot be used, and offer the defaults instead: `mend(given)`. Nothing where all is well."""
    if not notes:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.error("\n".join(f"- {note}" for note in notes) if len(notes) > 1 else notes[0], icon=":material/error:")
        st.button(
            _("Use the defaults instead"),
            key="use-defaults",
            on_click=mend,
            args=(given,),
            help=_("Correct these values in the form, or drop them. Nothing starts before that."),
        )
