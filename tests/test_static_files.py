"""Files whose name tells their content: compressed for whoever takes that, kept for ever; all else as it was."""

import asyncio
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from ui.static_files import FOR_EVER, StaticFileDelivery

SCRIPT = "const words = 'the same again and again';\n" * 200
NAME = "index.DormvYxC.js"


class Site:
    """Asks an app without a network."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    def ask(self, path: str, method: str = "GET", **headers: str) -> httpx.Response:
        """The answer, decompressed; `accept_encoding="gzip"` sends the header Accept-Encoding."""
        return asyncio.run(self._ask(path, method, {name.replace("_", "-"): value for name, value in headers.items()}))

    async def _ask(self, path: str, method: str, headers: dict[str, str]) -> httpx.Response:
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.request(method, path, headers=headers)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A site with two folders, one of which is delivered, and other answers."""
    for name in (NAME, "plain.js", "font.BsWL4Kly.woff2"):
        (tmp_path / name).write_text(SCRIPT)
    routes = [
        Mount("/static/js", StaticFiles(directory=tmp_path)),
        Mount("/other", StaticFiles(directory=tmp_path)),
        Route("/favicon.png", PlainTextResponse("x", headers={"Cache-Control": FOR_EVER})),
    ]
    delivery = Middleware(StaticFileDelivery, folders={"/static/js": tmp_path})
    return Site(Starlette(routes=routes, middleware=[delivery]))


def test_a_script_comes_compressed_once_and_for_ever(site: Site) -> None:
    answer = site.ask(f"/static/js/{NAME}", accept_encoding="br, gzip")
    assert answer.text == SCRIPT
    assert answer.headers["content-encoding"] == "gzip"
    assert int(answer.headers["content-length"]) < len(SCRIPT) / 20
    assert answer.headers["cache-control"] == FOR_EVER
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers["content-type"].startswith("text/javascript")


@pytest.mark.parametrize("accepted", ["identity", "br", "gzip;q=0", "gzip; q=0.0, br", ""])
def test_whoever_takes_no_gzip_gets_the_file_itself(site: Site, accepted: str) -> None:
    answer = site.ask(f"/static/js/{NAME}", accept_encoding=accepted)
    assert answer.text == SCRIPT
    assert "content-encoding" not in answer.headers
    assert answer.headers["cache-control"] == FOR_EVER
    assert answer.headers["vary"] == "Accept-Encoding"


def test_a_small_weight_is_no_refusal(site: Site) -> None:
    answer = site.ask(f"/static/js/{NAME}", accept_encoding="gzip;q=0.05")
    assert answer.headers["content-encoding"] == "gzip"


def test_only_the_headers_are_sent_when_only_they_are_asked(site: Site) -> None:
    whole = site.ask(f"/static/js/{NAME}", accept_encoding="gzip")
    head = site.ask(f"/static/js/{NAME}", "HEAD", accept_encoding="gzip")
    assert head.content == b""
    assert head.headers == whole.headers


def test_a_copy_that_is_still_good_is_not_sent_again(site: Site) -> None:
    tag = site.ask(f"/static/js/{NAME}", accept_encoding="gzip").headers["etag"]
    again = site.ask(f"/static/js/{NAME}", accept_encoding="gzip", if_none_match=f'"x", W/{tag}')
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    plain = site.ask(f"/static/js/{NAME}", accept_encoding="identity").headers["etag"]
    assert plain != tag


def test_a_part_is_a_part_of_the_file_itself(site: Site) -> None:
    answer = site.ask(f"/static/js/{NAME}", accept_encoding="gzip", range="bytes=6-10")
    assert (answer.status_code, answer.text) == (206, "words")
    assert "content-encoding" not in answer.headers


def test_a_font_is_kept_for_ever_and_compressed_already(site: Site) -> None:
    answer = site.ask("/static/js/font.BsWL4Kly.woff2", accept_encoding="gzip")
    assert "content-encoding" not in answer.headers
    assert answer.headers["cache-control"] == FOR_EVER


@pytest.mark.parametrize("path", ["/static/js/plain.js", f"/other/{NAME}", "/favicon.png"])
def test_nothing_else_is_kept_for_ever_whatever_the_app_says(site: Site, path: str) -> None:
    answer = site.ask(path, accept_encoding="gzip")
    assert answer.status_code == 200
    assert "immutable" not in answer.headers.get("cache-control", "")


@pytest.mark.parametrize("path", ["/static/js/gone.DormvYxC.js", "/static/js/..%2Fsecret.DormvYxC.js"])
def test_a_file_that_is_not_there_is_the_app_s_to_answer(site: Site, path: str) -> None:
    answer = site.ask(path, accept_encoding="gzip")
    assert answer.status_code == 404
    assert "cache-control" not in answer.headers


def test_the_base_path_of_the_server_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streamlit.get_option", lambda _name: "/lab/")
    (tmp_path / NAME).write_text(SCRIPT)
    site = Site(StaticFileDelivery(PlainTextResponse("the app"), {"/static/js": tmp_path}))
    assert site.ask(f"/lab/static/js/{NAME}", accept_encoding="gzip").text == SCRIPT
    assert site.ask(f"/static/js/{NAME}", accept_encoding="gzip").text == "the app"
