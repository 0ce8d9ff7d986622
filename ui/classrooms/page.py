"""One classroom: its assignments with their leaderboards, its gallery, and for its lecturer what can be changed."""

from typing import TYPE_CHECKING

import streamlit as st

from engine import service
from engine.access import Action
from ui import lab
from ui.classrooms.assignment import draw_assignment
from ui.classrooms.list import state_text
from ui.classrooms.manage import draw_management
from ui.language import _, plural
from ui.navigation import page
from ui.plain import plain_label
from ui.published.list import draw_cards
from ui.rights import may

if TYPE_CHECKING:
    from engine.store.classrooms import Classroom


def draw_classroom(asked: str) -> None:
    """Draw the classroom that the address names."""
    with lab.guarded():
        room = service.classrooms.get(lab.actor(), int(asked) if asked.isdecimal() and len(asked) < 10 else 0)
        _draw(room)
    st.page_link(
        page("classrooms"), label=_("All classrooms"), icon=":material/school:", help=_("The list of classrooms.")
    )


def _draw(room: "Classroom") -> None:
    st.title(plain_label(room.title))
    people = plural("{count} member", "{count} members", room.num_members).format(count=room.num_members)
    st.caption(f"{people} · {state_text(room)}")
    if room.note:
        st.text(room.note)
    if not room.is_open:
        st.info(
            _("This classroom has ended: it can be read, and nothing is submitted any more."), icon=":material/info:"
        )
    teaching = may(Action.CHANGE, room)
    if not room.assignments:
        words = (
            _("There is no assignment yet. Add one below.")
            if teaching
            else _("There is no assignment yet. Look in again later.")
        )
        st.info(words, icon=":material/info:")
    for one in room.assignments:
        draw_assignment(room, one)
    _draw_gallery(room)
    if teaching:
        draw_management(room)
    _draw_me(room)


def _draw_gallery(room: "Classroom") -> None:
    st.header(_("Gallery"))
    found = service.classrooms.gallery(lab.actor(), room.id)
    if not found:
        st.caption(
            _(
                "No member has published a demo of a run for an assignment. Open a run that has ended, and choose Publish."
            )
        )
        return
    draw_cards(found)


def _draw_me(room: "Classroom") -> None:
    me = service.classrooms.me(lab.actor(), room.id)
    if me is None:
        return
    with st.expander(_("My membership"), icon=":material/person:"):
        with st.form(key="call-me", border=False):
            nickname = st.text_input(
                _("Your name on the leaderboard"), me.nickname, max_chars=40, help=_("The other members see it.")
            )
            if st.form_submit_button(_("Save"), icon=":material/save:"):
                with lab.guarded():
                    service.classrooms.call_me(lab.actor(), room.id, nickname)
                    st.rerun()
        if st.button(
            _("Leave the classroom"),
            icon=":material/logout:",
            help=_("Your runs stay yours. You can join again by the code."),
        ):
            with lab.guarded():
                service.classrooms.leave(lab.actor(), room.id)
                st.switch_page(page("classrooms"))
