"""Visitors in shared mode: a signed cookie to count them by, and limits of what they send before a page sees it."""

import asyncio
import re
from collections.abc import Callable
from http import HTTPStatus

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from engine.access import Origin
from engine.errors import StoreUnavailable
from engine.limits.origins import COOKIE, COOKIE_SECONDS
from engine.limits.rates import Exceeded
from engine.service import callers
from engine.web.refusals import refuse

_UPLOAD = "/_stcore/upload_file/"
_LOGIN = re.compile(r"/(auth/login|oauth2callback)/?$")
_LEAST_MB = 0.05
"""As how much a small file counts: it takes a request, too."""
_UNSAID_MB = 200.0
"""As how much a file counts that does not say its size; browsers do."""


class Visitors:
    """Give each browser a cookie with the page, and count uploads and logins."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it with a sentence and the time to wait."""
        if scope["type"] != "http" or not callers.counting():
            await self.app(scope, receive, send)
            return
        try:
            if count := _counter(scope):
                await asyncio.to_thread(count, HTTPConnection(scope))
        except Exceeded as error:
            wait = {"Retry-After": str(error.wait_seconds)}
            await refuse(scope, receive, send, HTTPStatus.TOO_MANY_REQUESTS, error.sentence, **wait)
            return
        await self.app(scope, receive, _Sender(scope, send) if scope["method"] == "GET" else send)


class _Sender:
    """Adds the cookie to a page."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self._scope, self._send = scope, send

    async def __call__(self, message: Message) -> None:
        """Pass a part of the answer on."""
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            if headers.get("content-type", "").startswith("text/html"):
                made = await asyncio.to_thread(_cookie, HTTPConnection(self._scope))
                if made:
                    headers.append("set-cookie", made)
                    headers["cache-control"] = "no-store"  # nobody else may get this cookie
        await self._send(message)


def _counter(scope: Scope) -> Callable[[HTTPConnection], None] | None:
    """Return what counts a request; most are not counted, and cost nothing."""
    if _UPLOAD in scope["path"]:
        return _count_upload if scope["method"] in ("PUT", "POST") else None
    return _count_attempt if _LOGIN.search(scope["path"]) else None


def _count_upload(request: HTTPConnection) -> None:
    callers.upload(_origin(request), _megabytes(request.headers.get("content-length", "")))


def _count_attempt(request: HTTPConnection) -> None:
    callers.attempt(_origin(request))


def _origin(request: HTTPConnection) -> Origin:
    return callers.origin_of(request.cookies.get(COOKIE), request.client.host if request.client else None)


def _megabytes(announced: str) -> float:
    said = announced.isascii() and announced.isdecimal() and len(announced) < 16
    return max(_LEAST_MB, int(announced) / 1e6) if said else _UNSAID_MB


def _cookie(request: HTTPConnection) -> str:
    """Return the header for a browser without a cookie; empty where it has one, or while the database cannot be used.

    With TLS it also counts where a page is shown in a frame of another site, apart for each such site.
    """
    try:
        value = callers.cookie_for(request.cookies.get(COOKIE, ""))
    except StoreUnavailable:  # the page says so
        return ""
    if not value:
        return ""
    where = "SameSite=None; Secure; Partitioned" if request.scope["scheme"] == "https" else "SameSite=Lax"
    return f"{COOKIE}={value}; Path=/; Max-Age={COOKIE_SECONDS}; HttpOnly; {where}"
