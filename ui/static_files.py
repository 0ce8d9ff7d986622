"""The files of the program in the browser: compressed once, and kept by browsers for ever where the name has a hash."""

import asyncio
import gzip
import re
from collections.abc import Mapping
from functools import lru_cache
from mimetypes import guess_type
from pathlib import Path

import streamlit as st
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

FOR_EVER = "public, max-age=31536000, immutable"
_HASHED = re.compile(r"[\w-][\w.-]*\.[\w-]{8}\.(?P<ending>[a-z0-9]+)")
"""A name that changes with the content, as the bundlers of Streamlit and of our Plotly write it."""
_TEXTS = frozenset({"js", "css"})  # pictures and fonts are compressed already
_MOST_FILES = 512  # all of Streamlit's compressed texts are about 6 MB


class StaticFileDelivery:
    """Answer for hashed texts of some folders with gzip; mend what the app says about caching; leave all else alone.

    Streamlit sends its bundles as they are, since compressing at each request costs more than it saves. Here a file is
    compressed when it is asked for first. `folders` gives the folder of each URL prefix, such as `/static/js`.
    """

    def __init__(self, app: ASGIApp, folders: Mapping[str, Path]) -> None:
        self.app = app
        self.folders = folders
        base = str(st.get_option("server.baseUrlPath") or "").strip("/")  # not known before the server starts
        self.base = f"/{base}" if base else ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass the request on."""
        if scope["type"] != "http" or scope["method"] not in {"GET", "HEAD"}:
            await self.app(scope, receive, send)
            return
        prefix, _slash, name = self._path(scope).rpartition("/")
        hashed = _HASHED.fullmatch(name) if prefix in self.folders else None
        packs = hashed is not None and hashed["ending"] in _TEXTS
        asked = Headers(scope=scope)
        if packs and "range" not in asked and _takes_gzip(asked.get("accept-encoding", "")):
            packed = await asyncio.to_thread(_packed, self.folders[prefix] / name)
            if packed is not None:
                await _answer(name, packed, asked, head=scope["method"] == "HEAD")(scope, receive, send)
                return
        await self.app(scope, receive, _mended(send, for_ever=hashed is not None, varies=packs))

    def _path(self, scope: Scope) -> str:
        """Return the path below the address of the app, empty for one that is not below it."""
        outside = scope.get("root_path", "") + self.base
        path = str(scope["path"])
        return path.removeprefix(outside) if path.startswith(f"{outside}/") else ""


def _takes_gzip(accepted: str) -> bool:
    """Return whether an Accept-Encoding header names gzip and does not refuse it."""
    return re.search(r"\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))", accepted, re.IGNORECASE) is not None


@lru_cache(maxsize=_MOST_FILES)
def _packed(path: Path) -> bytes | None:
    """Return the compressed content, None if there is no such file. A name with a hash never gets another content."""
    return gzip.compress(path.read_bytes(), 9, mtime=0) if path.is_file() else None


def _answer(name: str, packed: bytes, asked: Headers, *, head: bool) -> Response:
    """Return the compressed file, or that the browser's own copy is still good."""
    tag = f'"{name}-gzip"'
    headers = {"Cache-Control": FOR_EVER, "ETag": tag, "Vary": "Accept-Encoding"}
    known = {one.strip().removeprefix("W/") for one in asked.get("if-none-match", "").split(",")}
    if known & {tag, "*"}:
        return Response(status_code=304, headers=headers)
    headers |= {"Content-Encoding": "gzip", "Content-Length": str(len(packed))}
    return Response(b"" if head else packed, headers=headers, media_type=guess_type(name)[0])


def _mended(send: Send, *, for_ever: bool, varies: bool) -> Send:
    """Return a `send` that promises for ever what has a hash and nothing else: Streamlit promises all its files."""

    async def mended(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            said = headers.get("Cache-Control", "")  # no-cache: it is not that file but the page that tells so
            if for_ever and message["status"] in {200, 206, 304} and said != "no-cache":
                headers["Cache-Control"] = FOR_EVER
            elif "immutable" in said:
                headers["Cache-Control"] = "no-cache"
            if varies:
                headers.add_vary_header("Accept-Encoding")
        await send(message)

    return mended
