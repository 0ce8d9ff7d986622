"""What browsers are told to forbid: foreign scripts, frames of others, guesses at content."""

import base64
import hashlib
import re
from collections.abc import Awaitable, Callable, Iterable
from functools import cached_property
from pathlib import Path

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from engine.settings import settings
from engine.web.hosts import split_list

_INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_PARTS = ("text/javascript", "application/javascript", "text/css", "font/")
"""What is only ever part of a page: the page's own policy counts, and 40 files would carry it for nothing."""
_MEDIA = "/media/"
_MEDIA_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox"
"""For files of people, such as an SVG that somebody opens by itself: nothing in it runs."""
_EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_PERMISSIONS = "camera=(self), microphone=(self), geolocation=(), payment=(), usb=(), serial=(), midi=()"
_STRICT_TRANSPORT = "max-age=31536000"


def content_policy(scripts: Iterable[str], frame_origins: Iterable[str]) -> str:
    """Return the Content-Security-Policy of the dashboard's page.

    Streamlit loads scripts of components from `blob:`, and its styles are written by scripts. `scripts` are those that
    stand in the page itself: they are named by their hash, and no other runs.
    """
    rules = {
        "default-src": ["'self'"],
        "script-src": ["'self'", "blob:", "'wasm-unsafe-eval'", *map(_hash, scripts)],
        "style-src": ["'self'", "'unsafe-inline'"],
        "img-src": ["'self'", "data:", "blob:"],
        "media-src": ["'self'", "data:", "blob:"],
        "font-src": ["'self'", "data:"],
        "connect-src": ["'self'", "data:", "blob:"],
        "worker-src": ["'self'", "blob:"],
        "frame-src": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'self'", *frame_origins],
    }
    return "; ".join(f"{name} {' '.join(values)}" for name, values in rules.items())


def _hash(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


Framers = Callable[[Scope], Awaitable[list[str]]]


async def _nobody_else(_scope: Scope) -> list[str]:
    return []


class SecurityHeaders:
    """Add the headers that are missing; take away every permission for all origins.

    `page` is the HTML page of the dashboard; `scripts` tells what else runs in it, once all of it is declared; `framers`
    which further sites may show what a request asks for in a frame.
    """

    def __init__(
        self, app: ASGIApp, page: Path, scripts: Callable[[], list[str]], framers: Framers = _nobody_else
    ) -> None:
        self.app = app
        self._page, self._scripts, self._framers = page, scripts, framers

    @cached_property
    def policy(self) -> str:
        """The policy of the dashboard's page."""
        return self._policy([])

    def _policy(self, framers: list[str]) -> str:
        within = _INLINE.findall(self._page.read_text(encoding="utf-8"))
        return content_policy([*within, *self._scripts()], [*split_list(settings().frame_origins), *framers])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and mend the head of the answer."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        framers = await self._framers(scope)

        async def mended(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._mend(MutableHeaders(scope=message), scope, framers)
            await send(message)

        await self.app(scope, receive, mended)

    def _mend(self, headers: MutableHeaders, scope: Scope, framers: list[str]) -> None:
        for name, value in _EVERYWHERE.items():
            headers.setdefault(name, value)
        if headers.get("access-control-allow-origin") == "*":
            del headers["access-control-allow-origin"]
        if scope["scheme"] == "https":
            headers.setdefault("Strict-Transport-Security", _STRICT_TRANSPORT)
        if not headers.get("content-type", "").startswith(_PARTS):
            headers.setdefault("Permissions-Policy", _PERMISSIONS)
            page = self._policy(framers) if framers else self.policy
            headers.setdefault("Content-Security-Policy", _MEDIA_POLICY if _MEDIA in scope["path"] else page)
