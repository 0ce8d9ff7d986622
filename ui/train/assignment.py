"""The Train form when it was opened for an assignment of a classroom: only its models are offered."""

from collections.abc import Mapping
from dataclasses import replace

import streamlit as st

from engine import service
from engine.errors import TrainyardError
from ui import lab
from ui.language import _
from ui.navigation import page
from ui.plain import plain_label
from ui.train.form import ASSIGNMENT, Form


def for_assignment(form: Form, params: Mapping[str, str]) -> Form:
    """Return the form with the models of the assignment that the address names, and say for what one trains."""
    asked = params.get(ASSIGNMENT, "")
    if not asked.isdecimal() or len(asked) > 9:
        return form
    try:
        one = service.classrooms.assignment(lab.actor(), int(asked))
        room = service.classrooms.get(lab.actor(), one.classroom_id)
    except (
        TrainyardError
    ):  # it was deleted, or the link is somebody else's: the form is what the rest of the address says
        return form
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            _("For the assignment **{title}** of **{room}**.").format(
                title=plain_label(one.title), room=plain_label(room.title)
            )
        )
        st.page_link(
            page("classrooms"), label=_("Back to the classroom"), icon=":material/school:",
            query_params={"classroom": str(room.id)}, help=_("Submit the run there once it has ended."),
        )  # fmt: skip
    return replace(form, models=one.models)
