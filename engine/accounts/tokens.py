"""Tokens: made at random, shown once, kept as a digest; asked about at each request."""

import hashlib
import secrets
import time
from dataclasses import replace

from engine.access import Action, Actor, Origin, Scope
from engine.accounts.sessions import with_invitations
from engine.errors import TrainyardError
from engine.limits.rates import requests_of, spend
from engine.runs import is_run_id
from engine.settings import settings
from engine.store import Store
from engine.store.tokens import Token

PREFIX = "ty_"
"""How every token begins, so that scanners of secrets find one that has leaked."""
_USED_SECONDS = 60.0  # how exactly the last use is kept


class BadToken(TrainyardError):  # noqa: N818  # an answer, said in a sentence
    """The token is unknown, expired or revoked: which of these, a stranger is not told."""


def make(store: Store, account_id: int, name: str, scope: Scope) -> tuple[Token, str]:
    """Return a new token and its text, which cannot be read again."""
    text = PREFIX + secrets.token_urlsafe(32)
    ends = time.time() + settings().token_days * 86_400
    actions = [action.value for action in Action if action in scope.actions]
    made = store.tokens.add(
        account_id, name, _digest(text), ends, actions=actions, runs=sorted(scope.runs), demos=sorted(scope.demos)
    )
    return made, text


def actor_of(store: Store, text: str) -> Actor:
    """Return whom a token stands for, with the role that the person has now, and what the token is for."""
    token = store.tokens.by_digest(_digest(text))
    account = store.accounts.by_id(token.account_id) if token is not None else None
    if token is None or account is None or not token.valid:
        raise BadToken("The token is not valid. Make a new one on the page Account.")
    spend(store, requests_of(token.id))
    if token.used_at is None or time.time() - token.used_at > _USED_SECONDS:
        store.tokens.use(token.id)
    person = with_invitations(store, account)
    scope = Scope(frozenset(map(Action, token.actions)), frozenset(token.runs), frozenset(token.demos))
    return replace(person, scope=scope, origin=Origin(token=token.id))


def run_numbers(text: str) -> list[int]:
    """Return the numbers of runs; what is none is refused, since a token without numbers is for all."""
    given = text.replace(",", " ").split()
    for part in given:
        if not is_run_id(part):
            raise TrainyardError("{part!r} is not the number of a run. Example: 3, 12", part=part[:40])
    return [int(part) for part in given]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
