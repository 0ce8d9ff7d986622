"""Share codes of a run on its page: its owner makes and revokes them, the invited see that they are and may leave."""

from datetime import UTC, datetime

import streamlit as st

from engine import service
from engine.access import Action
from engine.imports.own_kinds import kind_of_dataset
from engine.runs import Run
from engine.settings import settings
from ui import lab
from ui.language import _
from ui.navigation import page
from ui.plain import plain_label
from ui.rights import may

_DAYS = 14
_MADE = "share.made"


def draw_sharing(run: Run) -> None:
    """Draw the popover of the owner, or the words for the invited. Nothing of it is drawn in local mode."""
    if settings().mode == "local" or run.study_id is not None:
        return
    if may(Action.CHANGE, run):
        with st.popover(_("Share by code"), icon=":material/key:", help=_("Let single people look at it"), key="share"):
            _draw_codes(run)
    elif run.id in lab.actor().invited:
        _draw_invited(run)


def _draw_codes(run: Run) -> None:
    st.caption(_("Members who have the code look at this run. They change nothing and can invite nobody."))
    if made := st.session_state.pop(_MADE, None):
        st.success(_("Copy the code now: it is not shown again."))
        st.code(made, language=None)
    for share in service.shares.list_all(lab.actor(), run.id):
        words, button = st.columns([4, 1], vertical_alignment="center")
        words.caption(_("Until {time} UTC").format(time=_time(share.expires_at)))
        if button.button(_("Revoke"), key=f"share-revoke-{share.id}"):
            with lab.guarded():
                service.shares.revoke(lab.actor(), share.id)
                st.rerun()
        for name, since in share.users:
            who, out = st.columns([4, 1], vertical_alignment="center")
            who.text(_("{name}, since {time} UTC").format(name=name, time=_time(since)))
            if out.button(
                _("Remove"), key=f"share-out-{share.id}-{name}", help=_("The code does not count for them again.")
            ):
                with lab.guarded():
                    service.shares.refuse(lab.actor(), share.id, name)
                    st.rerun()
    with st.form(key="share-form", border=False):
        longest = int(settings().max_share_days)
        days = st.number_input(
            _("Days"), 1, max(1, longest), min(_DAYS, max(1, longest)), help=_("After them nobody looks at it by this code."),
            key="share-days",
        )  # fmt: skip
        examples = False
        if kind_of_dataset(str(run.spec["dataset"].get("name", ""))) is not None:
            examples = st.checkbox(
                _("Examples of my data may be seen"),
                key="share-examples",
                help=_(
                    "Its mistakes, its report and the Demo page show some examples of the data that it was trained on."
                ),
            )
        if st.form_submit_button(_("Make a code"), icon=":material/key:"):
            with lab.guarded():
                st.session_state[_MADE] = service.shares.create(lab.actor(), run.id, days, examples=examples)[1]
                st.rerun()


def _draw_invited(run: Run) -> None:
    until = {shared.id: end for shared, end in service.shares.received(lab.actor())}.get(run.id)
    if until is None:
        return
    words = _("{name} lets you look at this run until {time} UTC.").format(
        name=plain_label(run.owner), time=_time(until)
    )
    st.caption(words)
    if st.button(
        _("Look no more"), icon=":material/visibility_off:", key="share-leave", help=_("Takes it from your lists")
    ):
        with lab.guarded():
            service.shares.leave(lab.actor(), run.id)
            st.switch_page(page("runs"))


def _time(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M}"
