"""How much one client may hold: requests open at once, headers, bodies, and the time these take to arrive."""

import asyncio
from http import HTTPStatus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from engine.sentences import Sentence
from engine.settings import settings
from engine.web.refusals import API, refuse

_UPLOAD = "/_stcore/upload_file/"
_OTHER_MB = 1
"""What anything but an upload and the API may have as a body, in MB: nothing else has one."""
_FORM_MB = 1
"""What a form adds to a file, in MB."""
_Refusal = tuple[int, Sentence]


class Bounds:
    """Refuse what is too large, too slow or too much at once. The API counts its bodies itself."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.open = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on within its bounds, or refuse it."""
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        if self.open >= settings().max_open_requests:
            sentence = Sentence("The server has as many visitors as it can serve. Try again in a minute.")
            await refuse(scope, receive, send, HTTPStatus.SERVICE_UNAVAILABLE, sentence, **{"Retry-After": "60"})
            return
        if sum(len(name) + len(value) for name, value in scope["headers"]) > settings().max_header_kb * 1_000:
            sentence = Sentence(
                "The headers are larger than {limit} kB (TRAINYARD_MAX_HEADER_KB). Cookies of this site can be deleted.",
                limit=settings().max_header_kb,
            )
            await refuse(scope, receive, send, HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, sentence)
            return
        self.open += 1
        try:
            await self._pass(scope, receive, send)
        finally:
            self.open -= 1

    async def _pass(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket" or API in scope["path"]:
            await self.app(scope, receive, send)
            return
        body = _Body(scope, receive, send)
        try:
            await self.app(scope, body.receive, body.send)
        except _Broken as error:
            if body.answered:
                raise
            await refuse(scope, receive, send, *error.refusal)


class _Broken(Exception):  # noqa: N818  # it ends a request, nothing of the program failed
    def __init__(self, refusal: _Refusal) -> None:
        super().__init__(refusal[1])
        self.refusal = refusal


class _Body:
    """The body of a request, counted and timed while it arrives: what a header announces proves nothing."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        upload = _UPLOAD in scope["path"]
        self.limit_mb = settings().max_upload_mb if upload else _OTHER_MB
        self.bytes_left = (self.limit_mb + (_FORM_MB if upload else 0)) * 1_000_000
        self.until = asyncio.get_running_loop().time() + settings().upload_timeout_seconds
        self.complete = self.answered = False
        self._receive, self._send = receive, send

    async def receive(self) -> Message:
        """Return the next part. Once all is there, wait for as long as the answer takes."""
        if self.complete:
            return await self._receive()
        left = self.until - asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(min(settings().body_idle_seconds, left)):
                message = await self._receive()
        except TimeoutError as error:
            sentence = Sentence("The body arrives too slowly. Try again with a better connection, or a smaller file.")
            raise _Broken((HTTPStatus.REQUEST_TIMEOUT, sentence)) from error
        self.bytes_left -= len(message.get("body", b""))
        self.complete = not message.get("more_body", False)
        if self.bytes_left < 0:
            sentence = Sentence("The body is larger than {limit} MB.", limit=self.limit_mb)
            raise _Broken((HTTPStatus.REQUEST_ENTITY_TOO_LARGE, sentence))
        return message

    async def send(self, message: Message) -> None:
        """Pass a part of the answer on."""
        self.answered = True
        await self._send(message)
