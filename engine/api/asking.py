"""Who sends a request to the API."""

from dataclasses import replace

from starlette.requests import Request

from engine.access import Actor, local_owner
from engine.accounts.logins import login_of_header
from engine.accounts.sessions import VISITOR
from engine.accounts.tokens import BadToken
from engine.limits.origins import COOKIE
from engine.service import callers, sign_in
from engine.settings import settings


def actor_of(request: Request) -> Actor:
    """Return who asks: the one local owner, or in shared mode whose token it is, whom a trusted proxy names, or a visitor.

    The header of an address that is not trusted has been dropped before: see `engine.accounts.proxies`.
    """
    if settings().mode == "local":
        return local_owner()
    address = request.client.host if request.client else None
    if given := request.headers.get("authorization"):
        kind, _, text = given.partition(" ")
        if kind.lower() != "bearer" or not text:
            raise BadToken("The header Authorization is not understood; expected: Bearer TOKEN.")
        return _of_token(text.strip(), address)
    named = request.headers.get(settings().identity_header) if settings().identity_header else None
    actor = sign_in.enter(login_of_header(named)) if named else VISITOR
    return replace(actor, origin=callers.origin_of(request.cookies.get(COOKIE), address))


def _of_token(text: str, address: str | None) -> Actor:
    """Return whom a token stands for. One that does not count counts as an attempt to guess one."""
    try:
        actor = sign_in.actor_of_token(text)
    except BadToken:
        callers.attempt(callers.origin_of(None, address))
        raise
    assert actor.origin is not None
    return replace(actor, origin=callers.origin_of(None, address, actor.origin.token))
