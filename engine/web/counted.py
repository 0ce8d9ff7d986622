"""Counts responses by kind of address and status, and open websockets, where metrics are on."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from engine.measures import measures

_AREAS = (("/api/", "api"), ("/_stcore/upload_file", "uploads"), ("/media/", "media"), ("/static/", "static"))
_CLOSED = 403
"""What a server answers where a websocket is closed before it opens."""


class Counted:
    """Look at what goes out. Addresses are grouped: labels that visitors invent would grow without end."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._measures = measures()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] == "http":
            await self.app(scope, receive, self._counting(_area(scope["path"]), send))
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def _counting(self, area: str, send: Send) -> Send:
        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._measures.responses.labels(area, str(message["status"])).inc()
            await send(message)

        return counted

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        opened = False

        async def noted(message: Message) -> None:
            nonlocal opened
            if message["type"] == "websocket.accept" and not opened:
                opened = True
                self._measures.websockets.inc()
            elif message["type"] == "websocket.close" and not opened:
                self._measures.responses.labels("websocket", str(_CLOSED)).inc()
            await send(message)

        try:
            await self.app(scope, receive, noted)
        finally:
            if opened:
                self._measures.websockets.dec()


def _area(path: str) -> str:
    return next((name for part, name in _AREAS if part in path), "pages")
