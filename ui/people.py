"""Who looks at this session's pages, in shared mode: the login of the browser, and whether it still counts."""

from dataclasses import replace

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from engine.access import Actor, Origin
from engine.accounts.logins import Login, login_of_claims, login_of_header
from engine.errors import StoreUnavailable, TrainyardError
from engine.limits.origins import COOKIE
from engine.logs import note_user
from engine.service import callers, sign_in
from engine.settings import settings
from ui.framed import framed
from ui.language import _
from ui.sentences import said

_PROBLEM = "login.problem"
_LOCAL = "127.0.0.1"


def login() -> Login | None:
    """Return the login that the browser or the proxy has brought; None without one, or where it says too little."""
    if get_script_run_ctx(suppress_warning=True) is None:
        return None
    try:
        return _brought()
    except TrainyardError:  # `arrive` says why
        return None


def actor() -> Actor:
    """Return who looks, as of now: their session may have ended and their role changed since the last call."""
    known = replace(sign_in.actor_of(login()), origin=origin())
    note_user(known.name)
    return known


def origin() -> Origin:
    """Return where this session comes from, as limits count it: the browser by its cookie, else its network."""
    cookie = st.context.cookies.get(COOKIE)
    return callers.origin_of(cookie, st.context.ip_address or _LOCAL)  # Streamlit gives no address of this machine


def arrive() -> None:
    """Begin the session of a login, or go on with it; a run of the whole script counts as an action of the person."""
    st.session_state[_PROBLEM] = None
    try:
        brought = _brought()
        if brought is not None:
            sign_in.enter(brought, st.context.headers.get("User-Agent") or "")
    except StoreUnavailable:  # the page says so
        return
    except TrainyardError as error:
        st.session_state[_PROBLEM] = error


def draw_login() -> None:
    """Draw who is logged in, and the buttons to log in and out."""
    problem = st.session_state.get(_PROBLEM)
    brought = login()
    if problem is not None:
        st.warning(said(problem))
    if brought is None or problem is not None:
        if not settings().identity_header:
            st.button(_("Log in"), icon=":material/login:", on_click=st.login, type="primary", width="stretch")
    else:
        st.text(actor().name)
        if brought.key:
            st.button(_("Log out"), icon=":material/logout:", on_click=leave, width="stretch")


def leave() -> None:
    """End the session, here and in other tabs, and the browser's cookie with it."""
    brought = login()
    if brought is not None:
        sign_in.leave(brought)
    st.logout()


def _brought() -> Login | None:
    if framed():  # whoever looks through a frame of another site acts for nobody
        return None
    if settings().identity_header:
        value = st.context.headers.get(settings().identity_header)
        return login_of_header(value) if value else None
    claims = st.user.to_dict()
    return login_of_claims(claims) if claims.get("is_logged_in") else None
