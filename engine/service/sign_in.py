"""Who asks: from a login to an actor. This comes before permissions, so no function here takes an actor."""

import logging

from engine.access import Actor, Origin
from engine.accounts import codes, sessions, tokens
from engine.accounts.logins import Login
from engine.errors import StoreUnavailable
from engine.service import callers
from engine.service.audited import write
from engine.service.opened import store
from engine.settings import settings
from engine.store.accounts import Account
from engine.store.sessions import Session

logger = logging.getLogger(__name__)


def enter(login: Login, client: str = "") -> Actor:
    """Let a login in, and return who it is. Raises `TrainyardError` where it does not count."""
    return sessions.actor_named(sessions.enter(store(), login, client, _note))


def actor_of(login: Login | None) -> Actor:
    """Return who asks, as of now; a visitor where nobody is logged in."""
    return sessions.actor_of(store(), login)


def actor_of_token(text: str) -> Actor:
    """Return whom a token stands for. Raises `BadToken`, or `Exceeded` where it asks too often."""
    return tokens.actor_of(store(), text)


def leave(login: Login) -> None:
    """End the session of a login."""
    write(actor_of(login), "sign_in.leave")
    store().sessions.end(login.key)


def leave_everywhere(login: Login) -> int:
    """End all sessions of whoever is logged in; return how many there were."""
    account = sessions.enter(store(), login)
    write(sessions.actor_named(account), "sign_in.leave_everywhere")
    return store().sessions.end_all(account.id)


def sessions_of(login: Login) -> list[Session]:
    """Return the sessions of whoever is logged in that count now, the last seen first."""
    account = sessions.enter(store(), login)
    return [session for session in store().sessions.of(account.id) if sessions.alive(session, account)]


def redeem(login: Login, code: str, origin: Origin | None = None) -> None:
    """Make whoever is logged in an admin, by the one-time code of the server. Attempts are counted by their origin."""
    callers.attempt(origin)
    codes.redeem(store(), sessions.enter(store(), login), code)
    write(actor_of(login), "sign_in.redeem", detail="admin")


def announce_code() -> None:
    """Where there is no admin yet, print a one-time code that makes one."""
    if settings().mode != "shared":
        return
    try:
        if not codes.has_admin(store()):
            print(
                f"Nobody is an admin yet. Log in, and enter this code on the page Account within a day: {codes.new_code(store())}",
                flush=True,
            )
    except StoreUnavailable:  # the database has said so in the log; `python -m engine account code` makes one later
        logger.warning("No code for the first admin: the database cannot be used.")


def _note(account: Account, what: str) -> None:
    write(sessions.actor_named(account), "sign_in.enter", detail=what)
