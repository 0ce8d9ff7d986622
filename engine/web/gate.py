"""Who may call: by which host names, from which pages, and which addresses of Streamlit nobody needs."""

import re
from collections.abc import Callable
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from engine.sentences import Sentence
from engine.settings import settings
from engine.web.hosts import host_accepted, names_in, origin_accepted
from engine.web.refusals import refuse

_CLOSED = re.compile(r"/_stcore/(metrics|agent|script-health-check)(/|$)")
"""Counts of sessions, and pages for programs: open to everybody, unless somebody stands before them."""
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_SHOWN = 80  # characters of what was sent that a refusal quotes


class Gate:
    """Refuse what another page sends through somebody's browser; pass on the rest.

    `own_name` tells the name or address that the server was told to listen at, once it is known.
    """

    def __init__(self, app: ASGIApp, own_name: Callable[[], str]) -> None:
        self.app = app
        self.names = names_in(settings().allowed_hosts) | names_in(own_name())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        refused = self._refusal(scope) if scope["type"] in {"http", "websocket"} else None
        if refused is None:
            await self.app(scope, receive, send)
        else:
            await refuse(scope, receive, send, *refused)

    def _refusal(self, scope: Scope) -> tuple[int, Sentence] | None:
        """Return status and sentence of a request that is refused."""
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        host = hosts[0] if len(hosts) == 1 else ""
        if not host_accepted(host, self.names):
            return HTTPStatus.MISDIRECTED_REQUEST, Sentence(
                "This server does not answer to the name {host!r}. Use its IP address, or add the name to "
                "TRAINYARD_ALLOWED_HOSTS where the server is started.",
                host=", ".join(hosts)[:_SHOWN],
            )
        origin = headers.get("origin")
        sends = scope["type"] == "websocket" or scope["method"] not in _SAFE
        if sends and origin is not None and not origin_accepted(origin, host, self.names):
            return HTTPStatus.FORBIDDEN, Sentence(
                "A page of {origin!r} may not use this server. A proxy must pass on the Host header; a name of this "
                "server can be added to TRAINYARD_ALLOWED_HOSTS.",
                origin=origin[:_SHOWN],
            )
        if _CLOSED.search(scope["path"]):
            return HTTPStatus.NOT_FOUND, Sentence("There is nothing at this address.")
        return None
