"""What stands before the dashboard: names it answers to, pages that may use it, sizes, times and headers."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp, Message
from starlette.websockets import WebSocket

from engine.settings import settings
from engine.web import web_middleware
from engine.web.headers import content_policy
from ui import documents, language, navigation  # noqa: F401  # they declare scripts
from ui.document_scripts import declared, run_script

PAGE = "<html><script>\n  let ready = false\n</script></html>"


async def _body(request: Request) -> Response:
    return PlainTextResponse(str(len(await request.body())))


async def _open(request: Request) -> Response:
    return PlainTextResponse("x", headers={"Access-Control-Allow-Origin": "*"})


async def _own(request: Request) -> Response:
    return PlainTextResponse("x", headers={"Content-Security-Policy": "sandbox"})


async def _script(request: Request) -> Response:
    return Response("1", media_type="text/javascript")


async def _stream(socket: WebSocket) -> None:
    await socket.accept()
    await socket.send_text("open")
    await socket.close()


class Site:
    """Asks an app without a network."""

    def __init__(self, app: ASGIApp, base: str = "http://127.0.0.1:8501") -> None:
        self.app, self.base = app, base

    def ask(self, path: str = "/", method: str = "GET", content: Any = None, **headers: str) -> httpx.Response:
        """The answer; a header is named with an underscore."""
        return asyncio.run(self.answer(path, method, content, **headers))

    async def answer(self, path: str, method: str, content: Any = None, **headers: str) -> httpx.Response:
        """The same, in a loop."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        async with httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url=self.base) as client:
            return await client.request(method, path, content=content, headers=sent)

    def connect(self, **headers: str) -> str:
        """Open a websocket and return the type of the first message."""
        sent: list[Message] = []
        said = [(name.encode(), value.encode()) for name, value in headers.items()]
        scope = {"type": "websocket", "path": "/_stcore/stream", "scheme": "ws", "headers": said, "subprotocols": []}

        async def receive() -> Message:
            return {"type": "websocket.connect"}

        async def send(message: Message) -> None:
            sent.append(message)

        asyncio.run(self.app(scope, receive, send))  # type: ignore[arg-type]
        return str(sent[0]["type"])


async def _parts(count: int, pause: float = 0.0) -> AsyncIterator[bytes]:
    """Some parts of 100 kB, of which no header tells the sum."""
    for _ in range(count):
        yield b"x" * 100_000
        await asyncio.sleep(pause)


@pytest.fixture
def site(home: Path, tmp_path: Path) -> Site:
    """A site that says how long a body was, behind what stands before the dashboard."""
    (tmp_path / "index.html").write_text(PAGE)
    routes = [
        Route("/", _body, methods=["GET", "POST"]),
        Route("/_stcore/upload_file/a/b", _body, methods=["PUT"]),
        Route("/_stcore/{rest:path}", _body),
        Route("/media/picture.svg", _open),
        Route("/own", _own),
        Route("/script.js", _script),
        Route("/api/v1/models", _body, methods=["POST"]),
        WebSocketRoute("/_stcore/stream", _stream),
    ]
    app = Starlette(routes=routes, middleware=web_middleware(tmp_path / "index.html", list, lambda: "0.0.0.0"))
    return Site(app)


@pytest.mark.parametrize("host", ["localhost:8501", "127.0.0.1:8501", "[::1]:8501", "192.168.1.20:8501", "a.localhost"])
def test_ip_addresses_and_localhost_always_work(site: Site, host: str) -> None:
    assert site.ask(host=host).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example:8501", "127.0.0.1.evil.example", "localhost.evil.example", "me@localhost", "localhost/x", ""]
)
def test_a_name_that_somebody_else_pointed_here_is_refused(site: Site, host: str) -> None:
    answer = site.ask(host=host)
    assert answer.status_code == 421
    assert "TRAINYARD_ALLOWED_HOSTS" in answer.text


def test_listed_names_work(home: Path, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINYARD_ALLOWED_HOSTS", "demo.example.org, *.lab.example.org")
    settings.cache_clear()
    for host, status in {"Demo.Example.org": 200, "a.lab.example.org:80": 200, "example.org": 421}.items():
        assert site.ask(host=host).status_code == status


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "http://localhost:3000", "http://127.0.0.1:8502", "null", "x"]
)
def test_a_page_of_another_origin_can_neither_send_nor_connect(site: Site, origin: str) -> None:
    assert site.ask(method="POST", origin=origin).status_code == 403
    assert site.ask("/api/v1/models", "POST", origin=origin).json()["error"].startswith("A page of")
    assert site.connect(host="127.0.0.1:8501", origin=origin) == "websocket.close"


@pytest.mark.parametrize("headers", [{"origin": "http://127.0.0.1:8501"}, {}])
def test_pages_of_this_server_and_programs_can(site: Site, headers: dict[str, str]) -> None:
    assert site.ask(method="POST", **headers).status_code == 200
    assert site.connect(host="127.0.0.1:8501", **headers) == "websocket.accept"


@pytest.mark.parametrize("name", ["metrics", "agent/interact", "agent", "script-health-check"])
def test_internal_addresses_are_closed(site: Site, name: str) -> None:
    assert site.ask(f"/_stcore/{name}").status_code == 404
    assert "nothing at this address" in site.ask(f"/below/_stcore/{name}").text
    assert site.ask("/_stcore/health").status_code == 200


def test_a_body_is_counted_whatever_its_header_says(site: Site) -> None:
    assert site.ask(method="POST", content=_parts(9)).text == "900000"
    assert site.ask(method="POST", content=_parts(11)).status_code == 413
    assert site.ask("/_stcore/upload_file/a/b", "PUT", _parts(11)).text == "1100000"


def test_an_upload_has_the_limit_of_uploads(home: Path, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINYARD_MAX_UPLOAD_MB", "1")
    settings.cache_clear()
    assert site.ask("/_stcore/upload_file/a/b", "PUT", _parts(21)).status_code == 413


@pytest.mark.parametrize("name", ["BODY_IDLE_SECONDS", "UPLOAD_TIMEOUT_SECONDS"])
def test_a_body_that_comes_too_slowly_ends(name: str, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"TRAINYARD_{name}", "0.05")
    settings.cache_clear()
    answer = site.ask("/_stcore/upload_file/a/b", "PUT", _parts(3, pause=1))
    assert answer.status_code == 408
    assert answer.elapsed.total_seconds() < 0.9


def test_headers_have_a_limit(site: Site) -> None:
    assert site.ask(cookie="x" * 60_000).status_code == 200
    assert site.ask(cookie="x" * 70_000).status_code == 431


def test_no_more_are_served_than_the_setting_says(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINYARD_MAX_OPEN_REQUESTS", "10")
    settings.cache_clear()

    async def ask() -> list[int]:
        answers = await asyncio.gather(*(site.answer("/", "POST", _parts(1, pause=0.2)) for _ in range(15)))
        return sorted(answer.status_code for answer in answers)

    assert asyncio.run(ask()) == [200] * 10 + [503] * 5
    assert site.ask().status_code == 200


def test_every_answer_has_the_headers(site: Site) -> None:
    for path in ("/", "/missing", "/_stcore/metrics"):
        headers = site.ask(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert "camera=(self)" in headers["permissions-policy"]
        assert "frame-ancestors 'self'" in headers["content-security-policy"]
        assert "strict-transport-security" not in headers


def test_parts_of_a_page_do_not_carry_its_policy(site: Site) -> None:
    headers = site.ask("/script.js").headers
    assert headers["x-content-type-options"] == "nosniff"
    assert "content-security-policy" not in headers


def test_no_answer_is_for_all_origins_and_nothing_in_an_uploaded_picture_runs(site: Site) -> None:
    headers = site.ask("/media/picture.svg", origin="http://evil.example").headers
    assert "access-control-allow-origin" not in headers
    assert "sandbox" in headers["content-security-policy"]


def test_a_policy_that_is_there_stays(site: Site) -> None:
    assert site.ask("/own").headers["content-security-policy"] == "sandbox"


def test_browsers_keep_to_tls_where_there_is_tls(site: Site) -> None:
    site.base = "https://localhost"
    assert site.ask().headers["strict-transport-security"] == "max-age=31536000"


def test_scripts_of_the_page_are_named_by_hash_and_frames_by_origin() -> None:
    policy = content_policy(["let ready = false"], ["https://example.org"])
    assert "frame-ancestors 'self' https://example.org" in policy
    assert "'sha256-" in policy
    scripts = next(part for part in policy.split("; ") if part.startswith("script-src"))
    assert "unsafe-inline" not in scripts
    assert "*" not in policy


def test_only_declared_scripts_run_in_a_page() -> None:
    with pytest.raises(ValueError, match="not declared"):
        run_script("alert(1)")
    assert declared()
