"""What the lecturer of a classroom changes: its code, assignments, members, settings, and its end."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from engine import service
from engine.classrooms.hiding import LEAST_SHARE, MOST_SHARE
from engine.classrooms.plans import Plan
from engine.runs import models_for
from engine.settings import settings
from engine.tasks.base import tasks
from ui import lab
from ui.classrooms.list import draw_fields
from ui.classrooms.words import day_text
from ui.language import _
from ui.navigation import page
from ui.plain import plain_label
from ui.train.choices import Choice, choices

if TYPE_CHECKING:
    from engine.store.classrooms import Classroom


_MADE = "classroom.code"
_USUAL_PERCENT = 20


def draw_management(room: "Classroom") -> None:
    """Draw its tabs."""
    st.header(_("Manage this classroom"))
    if room.archived_at is not None:
        _draw_end(room)
        return
    code, assignments, members, about, end = st.tabs(
        [_("Join code"), _("Assignments"), _("Members"), _("Settings"), _("End of the term")]
    )
    with code:
        _draw_code(room)
    with assignments:
        _draw_assignments(room)
    with members:
        _draw_members(room)
    with about:
        _draw_about(room)
    with end:
        _draw_end(room)


def _draw_code(room: "Classroom") -> None:
    made = st.session_state.pop(_MADE, None)
    if made and made[0] == room.id:
        st.success(_("Write the code down now: it is not shown again."))
        st.code(made[1], language=None)
    if room.code_expires_at:
        st.caption(_("People can join by the code until {day} UTC.").format(day=day_text(room.code_expires_at)))
    else:
        st.caption(_("There is no code: nobody can join."))
    with st.container(horizontal=True):
        if st.button(
            _("Make a join code"), icon=":material/key:", type="primary",
            help=_("Whoever logs in here as a member joins by it. The code before is void."),
        ):  # fmt: skip

            def make() -> None:
                st.session_state[_MADE] = room.id, service.classrooms.make_code(lab.actor(), room.id)[1]

            _do(make)
        if room.code_expires_at and st.button(
            _("Revoke the code"), icon=":material/key_off:", help=_("Nobody can join any more. Who has joined stays.")
        ):
            _do(lambda: service.classrooms.revoke_code(lab.actor(), room.id))


def _draw_assignments(room: "Classroom") -> None:
    for one in room.assignments:
        words, button = st.columns([4, 1], vertical_alignment="center")
        words.markdown(plain_label(one.title))
        with button.popover(_("Delete…"), key=f"assignment-delete-{one.id}"):
            st.write(_("What was submitted is deleted with it, and the two datasets that were made for it. Runs stay."))
            if st.button(_("Delete for good"), key=f"assignment-gone-{one.id}", type="primary"):
                _do(partial(service.classrooms.delete_assignment, lab.actor(), one.id))
    st.subheader(_("New assignment"))
    task = st.selectbox(
        _("Task"), list(tasks), format_func=lambda name: _(tasks[name].title), key="assignment-task",
        help=_("What the network predicts, and from what."),
    )  # fmt: skip
    known = {choice.id: choice for choice in choices(task).values() if choice.reference or choice.cls.ready()}
    known = {name: choice for name, choice in known.items() if choice.reference or not choice.field}
    with st.form(key="assignment", border=False):
        title = st.text_input(_("Title"), max_chars=settings().max_name_characters, key="assignment-title")
        data = st.selectbox(
            _("Dataset"), list(known), format_func=lambda name: known[name].title, key=f"assignment-data-{task}",
            help=_("Data of your own can have a hidden part. Import it on the Data page first."),
        )  # fmt: skip
        percent = st.slider(
            _("Hide this share of the examples, %"), 0, round(100 * MOST_SHARE), _USUAL_PERCENT, 5, key="assignment-share",
            help=_(
                "Members train on the rest, and what they submit is ranked on the hidden part. The same share always hides the "
                "same examples. 0: no leaderboard. Data of the program is known to everybody and has no hidden part."
            ),
        )  # fmt: skip
        allowed = st.multiselect(
            _("Models"), [model.name for model in models_for(tasks[task])], key=f"assignment-models-{task}",
            format_func=lambda name: next(_(model.title) for model in models_for(tasks[task]) if model.name == name),
            placeholder=_("All models"), help=_("Runs with other models are refused."),
        )  # fmt: skip
        a_day = st.number_input(
            _("Submissions a day"), 1, 1_000, settings().classroom_submissions, key="assignment-a-day",
            help=_("For each member. Many submissions fit the hidden examples by chance."),
        )  # fmt: skip
        if st.form_submit_button(_("Add assignment"), type="primary", icon=":material/add:") and data in known:
            _add(room, known[data], Plan(title, known[data].dataset, known[data].reference, task, percent / 100,
                                         tuple(allowed), int(a_day)))  # fmt: skip


def _add(room: "Classroom", choice: Choice, plan: Plan) -> None:
    share = plan.hidden_share if choice.reference else 0.0
    if share and share < LEAST_SHARE:
        share = LEAST_SHARE
    made = Plan(plan.title, plan.dataset, plan.reference, plan.task, share, plan.models, plan.a_day)
    with st.spinner(_("Dividing the data…")):
        _do(lambda: service.classrooms.add_assignment(lab.actor(), room.id, made))


def _draw_members(room: "Classroom") -> None:
    found = service.classrooms.members(lab.actor(), room.id)
    if not found:
        st.caption(_("Nobody has joined. Make a code, and give it to your students."))
    for one in found:
        words, button = st.columns([5, 1], vertical_alignment="center")
        named = f" · {plain_label(one.nickname)}" if one.nickname else ""
        words.markdown(f"{plain_label(one.name)}{named} · {day_text(one.joined_at)}")
        if button.button(
            _("Remove"),
            key=f"member-out-{one.account_id}",
            help=_("They do not come back by the same code. Their runs stay."),
        ):
            _do(partial(service.classrooms.remove, lab.actor(), room.id, one.name))


def _draw_about(room: "Classroom") -> None:
    with st.form(key="about-classroom", border=False):
        title, note, ends_at, limits = draw_fields("about", room)
        if st.form_submit_button(_("Save"), type="primary", icon=":material/save:"):
            _do(lambda: service.classrooms.edit(lab.actor(), room.id, title, ends_at, note, **limits))


def _draw_end(room: "Classroom") -> None:
    if room.archived_at is None:
        st.write(
            _(
                "An archived classroom can be read by its members. Its code, its limits and the right to train on its data end."
            )
        )
        if st.button(_("Archive"), icon=":material/archive:", help=_("This cannot be undone.")):
            _do(lambda: service.classrooms.archive(lab.actor(), room.id))
    with st.popover(_("Delete…"), icon=":material/delete_forever:", key="classroom-delete"):
        st.write(_("Its leaderboards go, and the datasets that were made for it. The data that you imported stays."))
        with_runs = st.checkbox(
            _("Also the runs of members that were trained on its data"), key="classroom-runs",
            help=_("Those that are published stay. Otherwise all runs stay with their members."),
        )  # fmt: skip
        if st.button(_("Delete for good"), type="primary", key="classroom-gone", help=_("This cannot be undone.")):
            with lab.guarded():
                service.classrooms.delete(lab.actor(), room.id, with_runs=with_runs)
                st.switch_page(page("classrooms"))


def _do(change: Callable[[], object]) -> None:
    """Change something, and draw the page anew; say why where it is refused."""
    with lab.guarded():
        change()
        st.rerun()
