"""Where requests come from, and what is counted of it before anybody knows who asks. This comes before permissions, as `sign_in`."""

from engine.access import Origin
from engine.limits import origins
from engine.limits.rates import attempts_of, spend, uploads_of
from engine.service.opened import store
from engine.settings import settings


def counting() -> bool:
    """Return whether anything is counted: one person alone is not limited."""
    return settings().mode == "shared"


def origin_of(cookie: str | None, address: str | None, token: int = 0) -> Origin:
    """Return where a request comes from."""
    return origins.origin_of(store(), cookie, address, token)


def cookie_for(cookie: str) -> str:
    """Return a cookie for a browser that has sent none, or none of ours; empty where it has one."""
    return "" if cookie and origins.valid_cookie(store(), cookie) else origins.new_cookie(store())


def attempt(origin: Origin | None) -> None:
    """Count somebody's attempt to log in or to enter a code. Raises `Exceeded`."""
    if origin is not None:
        spend(store(), attempts_of(origin))


def upload(origin: Origin, megabytes: float) -> None:
    """Count an upload on a page. Raises `Exceeded`."""
    spend(store(), uploads_of(origin), megabytes)
