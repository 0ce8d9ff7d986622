"""Account: who one is here, where one is logged in, and the tokens of one's programs."""

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import streamlit as st

from engine import service
from engine.access import Action, Actor, Role
from engine.accounts.sessions import VISITOR
from engine.accounts.tokens import run_numbers
from engine.service import sign_in
from engine.service.tokens import ACTIONS
from engine.settings import settings
from ui import lab, people
from ui.language import N_, _
from ui.limits import draw_limits
from ui.navigation import page
from ui.plain import LONGEST_SENTENCE, plain_label

if TYPE_CHECKING:
    from engine.store.tokens import Token

_ROLES = {
    Role.VISITOR: N_("Visitor: you use what is published."),
    Role.MEMBER: N_("Member: you train, and own what you make."),
    Role.ADMIN: N_("Admin: you may do everything."),
}
_ACTIONS = {
    Action.LOOK: N_("List models and read reports"),
    Action.USE: N_("Predict"),
    Action.CHANGE: N_("Publish and change demos"),
    Action.DELETE: N_("Delete demos"),
}
_MADE = "account.token"


def main() -> None:
    """Draw everything about whoever is logged in."""
    st.title(_("Account"))
    login = people.login() if settings().mode == "shared" else None
    actor = lab.actor()
    if login is None or actor.name == VISITOR.name:
        st.info(_("You are not logged in.") if settings().mode == "shared" else _("Local mode has no accounts."))
        draw_own_limits()
        return
    st.text(actor.name)
    st.caption(_(_ROLES[actor.role]))
    if actor.role is not Role.ADMIN:
        draw_code()
    if login.key:
        draw_sessions()
    draw_own_limits()
    if actor.role is not Role.VISITOR:
        draw_shared_with_me(actor)
        draw_tokens(actor)


def draw_own_limits() -> None:
    """Draw what limits whoever looks."""
    if settings().mode == "shared":
        st.header(_("What limits me"))
        draw_limits()


def draw_shared_with_me(actor: Actor) -> None:
    """Draw the private runs that others have shared by a code, and the field for another code."""
    st.header(_("Shared with me"))
    for run, until in service.shares.received(actor):
        st.page_link(
            page("run"),
            label=_("Run {run} of {owner}, until {day}").format(
                run=run.id, owner=plain_label(run.owner), day=_day(until)
            ),
            query_params={"run": str(run.id)},
        )
    with st.form(key="share-code", border=False):
        code = st.text_input(
            _("Share code"), key="share-code-text", help=_("Somebody gave it to you to look at a run.")
        )
        if st.form_submit_button(_("Look at the run")):
            with lab.guarded():
                run = service.shares.redeem(actor, code)
                st.switch_page(page("run"), query_params={"run": str(run.id)})


def draw_code() -> None:
    """Draw the field for the one-time code of the server."""
    with st.expander(_("I have a code from the server")), st.form(key="code", border=False):
        code = st.text_input(
            _("Code"), type="password", help=_("It stands on the log of the server, and makes you an admin.")
        )
        login = people.login()
        if st.form_submit_button(_("Become an admin")) and login is not None:
            with lab.guarded():
                sign_in.redeem(login, code, people.origin())
                st.rerun()


def draw_sessions() -> None:
    """Draw the browsers in which one is logged in."""
    st.header(_("Sessions"))
    login = people.login()
    assert login is not None
    rows = [
        {
            _("Browser"): session.client or "-",
            _("Since"): session.created_at,
            _("Last action"): session.seen_at,
            _("This one"): session.key == login.key,
        }
        for session in sign_in.sessions_of(login)
    ]
    time_column = st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm")
    st.dataframe(
        [row | {name: _moment(row[name]) for name in (_("Since"), _("Last action"))} for row in rows],
        hide_index=True,
        column_config={_("Since"): time_column, _("Last action"): time_column},
    )
    if st.button(_("Sign out everywhere"), icon=":material/logout:", help=_("Ends all sessions, this one too.")):
        sign_in.leave_everywhere(login)
        st.logout()


def draw_tokens(actor: Actor) -> None:
    """Draw the tokens, and the form that makes one."""
    st.header(_("Tokens"))
    st.markdown(
        _("For programs: send `Authorization: Bearer TOKEN` to the API. A token can do what you may do, or less.")
    )
    if made := st.session_state.pop(_MADE, None):
        st.success(_("Copy the token now: it is not shown again."))
        st.code(made, language=None)
    for token in service.tokens.list_all(actor):
        words, button = st.columns([5, 1], vertical_alignment="center")
        with words.container():
            st.text(token.name)
            words_of_use = _("Expires {end}. Last used: {used}.").format(
                end=_day(token.expires_at), used=_day(token.used_at) if token.used_at else _("never")
            )
            st.caption(f"{words_of_use} {plain_label(_scope(token), LONGEST_SENTENCE)}")
        button.button(
            _("Revoke"), key=f"revoke-{token.id}", on_click=service.tokens.revoke, args=(lab.actor(), token.id)
        )
    with st.form(key="token"):
        name = st.text_input(_("Name of the new token"), max_chars=settings().max_name_characters)
        actions = st.multiselect(
            _("Actions"),
            ACTIONS,
            format_func=lambda action: _(_ACTIONS[action]),
            placeholder=_("Everything you may do"),
        )
        demos = st.multiselect(
            _("Only these demos"),
            [demo.name for demo in service.demos.list_all(actor)],
            placeholder=_("All"),
            help=_("Where demos or runs are named, the token is for nothing else."),
        )
        runs = st.text_input(_("Only these runs"), help=_("Numbers of runs, separated by commas. Empty: all."))
        if st.form_submit_button(_("Create token")):
            with lab.guarded():
                st.session_state[_MADE] = service.tokens.create(actor, name, actions, run_numbers(runs), demos)[1]
                st.rerun()


def _scope(token: "Token") -> str:
    """Return what a token is for, in words."""
    actions = [_(_ACTIONS[Action(action)]) for action in token.actions] or [_("Everything you may do")]
    named = [*token.demos, *(_("Run {id}").format(id=run) for run in token.runs)]
    words = _("For: {actions}.").format(actions=", ".join(actions))
    only = _("Only: {things}.").format(things=", ".join(named)) if named else ""
    return f"{words} {only}".strip()


def _day(seconds: float) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(seconds))


def _moment(seconds: object) -> object:
    return datetime.fromtimestamp(float(str(seconds)), UTC)


main()
