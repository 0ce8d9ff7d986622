"""Which sites may show the page of a published demo in a frame: those that its owner has named, and that page only."""

import asyncio
from urllib.parse import parse_qs

from starlette.types import Scope

from engine import service
from engine.accounts.sessions import VISITOR
from engine.errors import TrainyardError

_PAGE = "/demos"
_MOST_PARAMETERS = 50


def framed_demo(scope: Scope) -> str:
    """Return the name of the demo whose page a request asks for, without menu; empty for every other request.

    `ui.framed` reads the same parameters: such a page shows this demo, has no link to another, and nobody is logged in.
    """
    if not str(scope["path"]).rstrip("/").endswith(_PAGE):
        return ""
    try:
        asked = parse_qs(scope.get("query_string", b"").decode("latin-1"), max_num_fields=_MOST_PARAMETERS)
    except ValueError:
        return ""
    names = asked.get("demo", [])
    return names[0] if len(names) == 1 and asked.get("embed") == ["true"] else ""


async def demo_framers(scope: Scope) -> list[str]:
    """Return the sites for a request. Where the database cannot be asked there are none."""
    name = framed_demo(scope)
    if not name:
        return []
    try:
        return await asyncio.to_thread(service.demos.frame_origins, VISITOR, name)
    except TrainyardError:
        return []
