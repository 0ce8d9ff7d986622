"""What stands between the network and the dashboard: plain ASGI, before anything reads the request."""

from collections.abc import Callable
from pathlib import Path

from starlette.middleware import Middleware

from engine.measures import measured
from engine.web.bounds import Bounds
from engine.web.frames import demo_framers
from engine.web.gate import Gate
from engine.web.headers import SecurityHeaders
from engine.web.uploads import FramedUploads
from engine.web.visitors import Visitors

__all__ = ["web_middleware"]


def web_middleware(page: Path, scripts: Callable[[], list[str]], own_name: Callable[[], str]) -> list[Middleware]:
    """Return the middleware, outermost first.

    `page` is the HTML page and `scripts` tells what else runs in it; `own_name` tells where the server listens.
    """
    headers = Middleware(SecurityHeaders, page=page, scripts=scripts, framers=demo_framers)
    gate = Middleware(Gate, own_name=own_name)
    return [*_counted(), headers, gate, Middleware(FramedUploads), Middleware(Bounds), Middleware(Visitors)]


def _counted() -> list[Middleware]:
    """Return what counts responses; its library is loaded only where somebody asks for the numbers."""
    if not measured():
        return []
    from engine.web.counted import Counted

    return [Middleware(Counted)]
