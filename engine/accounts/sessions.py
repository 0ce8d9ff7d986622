"""Our own sessions. The identity cookie of Streamlit lives for 30 days whatever happens; these end when we say so."""

import time
from collections.abc import Callable
from dataclasses import replace

from engine.access import Actor, Role
from engine.accounts.logins import Login
from engine.accounts.roles import role_of, role_of_groups
from engine.errors import TrainyardError
from engine.settings import settings
from engine.store import Store
from engine.store.accounts import Account
from engine.store.sessions import Session

VISITOR = Actor(Role.VISITOR.value, Role.VISITOR)
"""Somebody who is not logged in."""
_TOUCH_SECONDS = 60.0  # how exactly the time of the last action is kept


class Ended(TrainyardError):  # noqa: N818  # an answer, said in a sentence
    """The session of this login is over: the person has to log in again."""


Note = Callable[[Account, str], None]
"""Is told what has happened to an account: `FIRST` or `BEGUN`."""
FIRST, BEGUN = "first login", "session"


def enter(store: Store, login: Login, client: str = "", note: Note = lambda account, what: None) -> Account:
    """Let a login in: find or make its account, begin its session or go on with it.

    Raises `Ended` where the session is over, and `TrainyardError` where the name belongs to somebody else.
    """
    account = _account(store, login, note)
    if not login.key:
        return account
    session = store.sessions.get(login.key)
    if session is None:
        now = time.time()
        if now - login.issued_at > min(_idle(), _longest()) or login.issued_at < account.signed_out_at:
            raise _over()
        claimed = role_of_groups(login.groups).value
        if claimed != account.claimed:
            store.accounts.change(account.id, claimed=claimed)
        store.sessions.forget(now - 2 * _longest())
        begun = store.sessions.begin(login.key, account.id, client[:200], login.issued_at)
        account = store.accounts.by_id(account.id) or account  # with the role of its groups
        if begun:
            note(account, BEGUN)
        return account
    if not alive(session, account):
        raise _over()
    if time.time() - session.seen_at > _TOUCH_SECONDS:
        store.sessions.touch(login.key)
    return account


def actor_of(store: Store, login: Login | None) -> Actor:
    """Return who asks now: a visitor where there is no login, or where its session is over or has not begun."""
    if login is None:
        return VISITOR
    if not login.key:
        account = store.accounts.of(login.issuer, login.subject)
        return VISITOR if account is None else with_invitations(store, account)
    session = store.sessions.get(login.key)
    account = store.accounts.by_id(session.account_id) if session is not None else None
    if session is None or account is None or not alive(session, account):
        return VISITOR
    return with_invitations(store, account)


def actor_named(account: Account) -> Actor:
    """Return the person of an account, with the role in force."""
    return Actor(account.name, role_of(account.name, account.chosen, account.claimed))


def with_invitations(store: Store, account: Account) -> Actor:
    """Return the same with the private runs of others that a member may look at by a share code, and their classrooms."""
    person = actor_named(account)
    if person.role is not Role.MEMBER:
        return person
    classrooms, lent = store.classrooms.lent(account.id)
    return replace(person, invited=frozenset(store.shares.runs_for(account.id)), classrooms=classrooms, lent=lent)


def alive(session: Session, account: Account) -> bool:
    """Return whether a session counts: not ended, not idle for too long, not too old."""
    now = time.time()
    return (
        session.ended_at is None
        and now - session.seen_at <= _idle()
        and now - session.created_at <= _longest()
        and session.issued_at >= account.signed_out_at
    )


def _account(store: Store, login: Login, note: Note) -> Account:
    account = store.accounts.of(login.issuer, login.subject)
    if account is None:
        account = store.accounts.add(login.name, login.issuer, login.subject)
        if (account.issuer, account.subject) == (login.issuer, login.subject):
            note(account, FIRST)
    if (account.issuer, account.subject) != (login.issuer, login.subject):
        raise TrainyardError(
            "The account {name!r} belongs to another login. If it is yours, ask an admin to run: "
            "python -m engine account unlink {name}",
            name=login.name,
        )
    return account


def _over() -> Ended:
    return Ended("Your session has ended. Log in again.")


def _idle() -> float:
    return settings().session_idle_minutes * 60


def _longest() -> float:
    return settings().session_hours * 3600
