"""A published demo in a browser: published, tried without a login, swapped, rolled back, and in frames of two sites."""

import threading
import time
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, FrameLocator, Page, expect

from tests.e2e.dashboard import Dashboard
from tests.e2e.policy import refused_in

PATIENCE = 60_000
OWNER = "carol@example.org"
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")


@pytest.fixture(scope="module")
def dashboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    """A shared dashboard: a trusted proxy would name people; who comes without one is a visitor."""
    made = Dashboard(
        tmp_path_factory.mktemp("trainyard") / "home",
        TRAINYARD_MODE="shared",
        TRAINYARD_TRUSTED_PROXIES="127.0.0.1",
        TRAINYARD_IDENTITY_HEADER="X-Forwarded-Email",
        TRAINYARD_MEMBERS="*",
        TRAINYARD_COOKIE_SECRET="only-of-a-test " * 4,
    )
    made.start()
    yield made
    made.close()


@pytest.fixture(scope="module")
def runs(dashboard: Dashboard) -> list[int]:
    """Two runs of carol's with networks that were never trained."""
    from engine.service import opened
    from engine.settings import settings
    from tests import seeding
    from tests.saved_runs import TINY, save_network

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRAINYARD_HOME", str(dashboard.home))
        settings.cache_clear()
        made = [seeding.completed(opened.store(), owner=OWNER, epochs=1, points=2, **TINY) for _number in range(2)]
        for run in made:
            save_network(run)
        opened.close()
    settings.cache_clear()
    return [run.id for run in made]


class Site(BaseHTTPRequestHandler):
    """A page of another site, with the demo in a frame."""

    def __init__(self, address: str, *args: object) -> None:
        self.address = address
        super().__init__(*args)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        """Answer with the page."""
        page = f'<h1>School</h1><iframe src="{self.address}" width="1000" height="800"></iframe>'.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def port(dashboard: Dashboard) -> Iterator[int]:
    """The port of that site, which answers to two names."""
    address = f"{dashboard.url}/demos?demo=digits&embed=true"
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Site, address))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


def picture(folder: Path) -> Path:
    from PIL import Image

    path = folder / "one.png"
    Image.new("L", (8, 8), 200).save(path)
    return path


def answered(place: Page | FrameLocator, file: Path) -> None:
    """Upload a picture, and get an answer."""
    place.get_by_text("Upload", exact=True).click()
    place.locator("input[type=file]").set_input_files(file)
    expect(place.get_by_test_id("stMetric").first).to_be_visible(timeout=PATIENCE)


def test_a_demo_is_published_tried_swapped_rolled_back_and_framed(
    page: Page, browser: Browser, dashboard: Dashboard, runs: list[int], port: int, tmp_path: Path
) -> None:
    file = picture(tmp_path)
    with httpx.Client(
        base_url=f"{dashboard.url}/api/v1", headers={"X-Forwarded-Email": OWNER}, timeout=120, trust_env=False
    ) as owner:
        first = {"name": "digits", "run": runs[0], "title": "Which digit?", "origins": [f"http://localhost:{port}"]}
        until = time.monotonic() + 120
        while (made := owner.post("/demos", json=first)).status_code == 503:  # the predictor is starting
            assert time.monotonic() < until
            time.sleep(float(made.headers["retry-after"]))
        assert made.status_code == 201, made.text

        page.goto("/")  # nobody is logged in: a visitor begins with the list
        page.get_by_role("link", name="Try it").click()
        expect(page.get_by_role("heading", name="Which digit?")).to_be_visible(timeout=PATIENCE)
        answered(page, file)
        page.get_by_text("Model card").click()
        expect(page.get_by_text("Version: 1")).to_be_visible()
        page.goto(f"/run?run={runs[0]}")
        expect(page.get_by_text("Which digit?")).to_have_count(0)
        expect(page.get_by_text("secret")).to_have_count(0)

        for change, version in (("post", 2), ("patch", 1)):
            body = {"name": "digits", "run": runs[1]} if change == "post" else {"roll_back": True}
            assert owner.request(change, "/demos" if change == "post" else "/demos/digits", json=body).is_success
            page.goto("/demos?demo=digits")
            page.get_by_text("Model card").click()
            expect(page.get_by_text(f"Version: {version}")).to_be_visible(timeout=PATIENCE)

    page.goto(f"http://localhost:{port}/")
    frame = page.frame_locator("iframe")
    expect(frame.get_by_role("heading", name="Which digit?")).to_be_visible(timeout=PATIENCE)
    expect(frame.get_by_test_id("stSidebar")).to_have_count(0)
    expect(frame.get_by_test_id("stSidebarNavLink")).to_have_count(0)
    answered(frame, file)  # browsers send no cookie from there

    other = browser.new_context()
    refused = refused_in(other)
    foreign = other.new_page()
    foreign.goto(f"http://127.0.0.1:{port}/")
    foreign.wait_for_timeout(1_000)
    assert any("frame-ancestors" in text for text in refused)
    other.close()
