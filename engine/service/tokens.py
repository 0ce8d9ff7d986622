"""Tokens with which programs ask in the name of a person."""

from collections.abc import Iterable

from engine.access import ADMINISTRATION, Action, Actor, Scope, check, visible
from engine.accounts import tokens as made
from engine.errors import TrainyardError
from engine.service import demos as published
from engine.service.audited import audited
from engine.service.opened import store
from engine.settings import settings
from engine.store.tokens import Token

ACTIONS = (Action.LOOK, Action.USE, Action.CHANGE, Action.DELETE)
"""What a token can be limited to: all that the API does."""


@audited("token {made[0]}", detail="{name}")
def create(
    actor: Actor, name: str, actions: Iterable[Action], runs: Iterable[int], demos: Iterable[str] = ()
) -> tuple[Token, str]:
    """Return a new token for oneself and its text, which nobody can read again. Nothing named: everything one may do.

    `demos`: names of published demos that there are. Where runs or demos are named, the token is for nothing else.
    """
    check(actor, Action.CREATE, "tokens")
    scope = Scope(frozenset(actions), frozenset(runs), frozenset(published.get(actor, demo).name for demo in demos))
    account = store().accounts.get(actor.name)
    if account is None:
        raise TrainyardError("{name!r} has no account: tokens belong to people who log in.", name=actor.name)
    if not name.strip() or len(name) > settings().max_name_characters:
        raise TrainyardError(
            "A token needs a name of 1 to {most} characters, to know it by.", most=settings().max_name_characters
        )
    if len(store().tokens.of(account.id)) >= settings().max_tokens:
        raise TrainyardError(
            "There are {most} tokens already (TRAINYARD_MAX_TOKENS). Revoke one first.", most=settings().max_tokens
        )
    return made.make(store(), account.id, name.strip(), scope)


def list_all(actor: Actor, name: str = "") -> list[Token]:
    """Return one's own tokens that are not revoked, the newest first; for an admin those of an account."""
    check(actor, Action.LOOK, ADMINISTRATION if name and name != actor.name else "tokens")
    account = store().accounts.get(name or actor.name)
    if account is None and name:
        raise TrainyardError("There is no account {name!r}.", name=name[:80])
    return [] if account is None else visible(actor, store().tokens.of(account.id))


@audited("token {token_id}")
def revoke(actor: Actor, token_id: int) -> None:
    """Make a token void from the next request on."""
    token = store().tokens.get(token_id)
    if token is None:
        check(actor, Action.DELETE, "tokens")
        raise TrainyardError("Token {number} does not exist.", number=token_id)
    check(actor, Action.DELETE, token)
    store().tokens.revoke(token_id)
