"""Uploads from a page in a frame of another site: browsers keep the cookie back that Streamlit asks for."""

import secrets

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

_UPLOAD = "/_stcore/upload_file/"
_COOKIE = "_streamlit_xsrf"
_METHODS = frozenset({"PUT", "POST", "DELETE"})


class FramedUploads:
    """Give uploads of this server's own pages the token that they lack.

    Streamlit compares a cookie with a header, so that no page of another site sends files in somebody's name. `Gate` has
    refused every request of such a page by its Origin before. So what has an Origin and no cookie comes from a page of ours, and
    is given a cookie and a header that are equal; what has no Origin is left alone, and refused by Streamlit.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, with a token where it lacks one."""
        if scope["type"] == "http" and scope["method"] in _METHODS and _UPLOAD in scope["path"]:
            scope = _with_token(scope)
        await self.app(scope, receive, send)


def _with_token(scope: Scope) -> Scope:
    headers = Headers(scope=scope)
    cookie = headers.get("cookie", "")
    if (
        _COOKIE in cookie
        or len(headers.getlist("origin")) != 1
        or headers.get("sec-fetch-site", "same-origin") != "same-origin"
    ):
        return scope
    token = secrets.token_hex(16)
    kept = [(name, value) for name, value in scope["headers"] if name not in (b"cookie", b"x-xsrftoken")]
    cookies = f"{cookie}; {_COOKIE}={token}" if cookie else f"{_COOKIE}={token}"
    return {**scope, "headers": [*kept, (b"cookie", cookies.encode("latin-1")), (b"x-xsrftoken", token.encode())]}
