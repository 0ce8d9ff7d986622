"""All classrooms that somebody sees, the field for a code, and for admins the form of a new one."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import streamlit as st

from engine import service
from engine.access import Role
from engine.settings import settings
from ui import lab
from ui.classrooms.words import CLASSROOM, day_text, end_of_day
from ui.language import _, plural
from ui.navigation import page
from ui.plain import LONGEST_CAPTION, LONGEST_SENTENCE, plain_label

if TYPE_CHECKING:
    from engine.store.classrooms import Classroom


_TERM_DAYS = 120
_COLUMNS = 3


def draw_list() -> None:
    """Draw a card for each classroom, and the forms."""
    st.title(_("Classrooms"))
    admin = lab.actor().role is Role.ADMIN
    found = service.classrooms.list_all(lab.actor())
    if not found:
        words = (
            _("There is no classroom yet. Make one below, add an assignment, and give its code to your students.")
            if admin
            else _("You have not joined a classroom. Enter the code that your lecturer has given you.")
        )
        st.info(words, icon=":material/info:")
    places = st.grid(_COLUMNS, min_column_width=260)
    for room in found:
        with places.cell().container(border=True):
            _draw_one(room)
    _draw_join()
    if admin:
        _draw_new()


def _draw_one(room: "Classroom") -> None:
    st.subheader(plain_label(room.title, LONGEST_CAPTION), anchor=False)
    people = plural("{count} member", "{count} members", room.num_members).format(count=room.num_members)
    tasks = plural("{count} assignment", "{count} assignments", len(room.assignments)).format(
        count=len(room.assignments)
    )
    st.caption(f"{people} · {tasks} · {state_text(room)}")
    if room.note:
        st.markdown(plain_label(" ".join(room.note.split()), LONGEST_SENTENCE))
    st.page_link(
        page("classrooms"),
        label=_("Open"),
        icon=":material/arrow_forward:",
        query_params={CLASSROOM: str(room.id)},
        help=_("Assignments, leaderboards and demos of this classroom."),
    )


def state_text(room: "Classroom") -> str:
    """Return until when a classroom goes on, or that it has ended."""
    if room.archived_at is not None:
        return _("archived")
    return (_("until {day}") if room.is_open else _("ended on {day}")).format(day=day_text(room.ends_at))


def _draw_join() -> None:
    st.header(_("Join a classroom"))
    with st.form(key="join", border=False):
        code = st.text_input(
            _("Join code"), key="join-code", help=_("Twelve letters and digits, such as K7QF-M2WD-XH9P.")
        )
        nickname = st.text_input(
            _("Your name on the leaderboard"),
            key="join-nickname",
            max_chars=40,
            help=_(
                "The other members see it. Empty: you are called a member. Your lecturer sees your account in any case."
            ),
        )
        if st.form_submit_button(_("Join"), type="primary", icon=":material/login:"):
            with lab.guarded():
                room = service.classrooms.join(lab.actor(), code, nickname)
                st.switch_page(page("classrooms"), query_params={CLASSROOM: str(room.id)})


def _draw_new() -> None:
    st.header(_("New classroom"))
    with st.form(key="new-classroom", border=False):
        title, note, ends_at, limits = draw_fields("new")
        if st.form_submit_button(_("Make a classroom"), type="primary", icon=":material/add:"):
            with lab.guarded():
                room = service.classrooms.create(lab.actor(), title, ends_at, note, **limits)
                st.switch_page(page("classrooms"), query_params={CLASSROOM: str(room.id)})


def draw_fields(key: str, room: "Classroom | None" = None) -> tuple[str, str, float, dict[str, float]]:
    """Draw the fields of a classroom, and return title, note, end and limits."""
    today = datetime.now(UTC).date()
    title = st.text_input(
        _("Title"), room.title if room else "", max_chars=settings().max_name_characters, key=f"{key}-title",
        help=_("The name of the course, as its members read it."),
    )  # fmt: skip
    note = st.text_area(
        _("Welcome"), room.note if room else "", max_chars=settings().max_note_characters, key=f"{key}-note",
        help=_("Stands at the top, as plain text: rules, dates, whom to ask."),
    )  # fmt: skip
    last = datetime.fromtimestamp(room.ends_at, UTC).date() if room else today + timedelta(days=_TERM_DAYS)
    day = st.date_input(
        _("Last day"), max(last, today), min_value=today, key=f"{key}-end",
        help=_("After it nothing can be submitted, and the limits and the right to train on the data end. UTC."),
    )  # fmt: skip
    st.caption(
        _(
            "At most, for each member. What a member may use otherwise still counts: the stricter limit holds. 0: no limit."
        )
    )
    columns = st.columns(3)
    names = {
        "device_minutes": (_("Minutes a day"), _("Minutes of training a day, on all devices together")),
        "at_once": (_("Runs at once"), _("Runs that train at once")),
        "queued": (_("Runs in the queue"), _("Runs that may wait")),
    }
    limits = {
        name: float(
            column.number_input(
                label, 0, 1_000_000, int(getattr(room, name)) if room else 0, key=f"{key}-{name}", help=words
            )
        )
        for column, (name, (label, words)) in zip(columns, names.items(), strict=True)
    }
    return title, note, end_of_day(day), limits
