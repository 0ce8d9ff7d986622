"""Accounts, as their people and admins see them. Logging in comes before: see `sign_in`."""

from engine.access import Action, Actor, Role, check, visible
from engine.accounts import codes
from engine.accounts.names import account_name
from engine.accounts.sessions import actor_named, alive
from engine.errors import TrainyardError
from engine.service.audited import audited
from engine.service.opened import store
from engine.store.accounts import Account
from engine.store.sessions import Session

_OTHERS = "accounts of others"
_ROLES = "roles"


def list_all(actor: Actor) -> list[Account]:
    """Return the accounts that this person may see."""
    return visible(actor, store().accounts.list())


def role(actor: Actor, account: Account) -> Role:
    """Return the role of an account that is in force."""
    check(actor, Action.LOOK, account)
    return actor_named(account).role


@audited(about="{made.name}", detail="{chosen}")
def set_role(actor: Actor, name: str, chosen: Role | None) -> Account:
    """Choose the role of an account, which is made where nobody has logged in under the name; None: lists and groups decide."""
    check(actor, Action.CHANGE, _ROLES)
    account = store().accounts.add(account_name(name))
    store().accounts.change(account.id, chosen=chosen.value if chosen else "")
    return _get(account.name)


@audited(about="{name}")
def unlink(actor: Actor, name: str) -> None:
    """Let the next login under the name have the account; until then nobody has it."""
    check(actor, Action.CHANGE, _ROLES)
    account = _get(name)
    store().sessions.end_all(account.id)
    store().accounts.change(account.id, issuer="", subject="")


def sessions(actor: Actor, name: str) -> list[Session]:
    """Return the sessions of an account that count now."""
    account = _asked(actor, Action.LOOK, name)
    return [session for session in store().sessions.of(account.id) if alive(session, account)]


@audited(about="{name}", detail="{made} sessions")
def sign_out(actor: Actor, name: str) -> int:
    """End all sessions of an account; return how many there were."""
    return store().sessions.end_all(_asked(actor, Action.CHANGE, name).id)


@audited("one-time code of an admin")
def new_code(actor: Actor) -> str:
    """Return a one-time code that makes whoever enters it an admin."""
    check(actor, Action.CHANGE, _ROLES)
    return codes.new_code(store())


def _asked(actor: Actor, action: Action, name: str) -> Account:
    """Return an account; who may not do this with accounts of others is not told which there are."""
    if name != actor.name:
        check(actor, Action.CHANGE, _OTHERS)
    account = _get(name)
    check(actor, action, account)
    return account


def _get(name: str) -> Account:
    account = store().accounts.get(account_name(name))
    if account is None:
        raise TrainyardError("There is no account {name!r}. See: python -m engine account list", name=name)
    return account
