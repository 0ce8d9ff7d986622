"""Fixtures of the browser tests: one dashboard a module, one Chromium for all, one page a test."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.e2e.dashboard import CHROMIUM_ARGUMENTS, PRETENDED_DEVICES, Dashboard, find_chromium
from tests.e2e.policy import refused_in
from tests.e2e.voice import pretended_microphone

HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder drives a browser."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Chromium. Where there is none, tests are skipped; with TRAINYARD_REQUIRE_BROWSER=1 they fail."""
    path = find_chromium()
    if path is None:
        words = "No Chromium is installed. On Debian: apt-get install chromium"
        pytest.fail(words) if os.environ.get("TRAINYARD_REQUIRE_BROWSER") == "1" else pytest.skip(words)
    with sync_playwright() as playwright:
        voice = pretended_microphone(tmp_path_factory.mktemp("voice") / "word.wav")
        arguments = [*CHROMIUM_ARGUMENTS, *PRETENDED_DEVICES, voice]
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def dashboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    """A running dashboard with an empty home, shared by the tests of one file."""
    dashboard = Dashboard(tmp_path_factory.mktemp("trainyard") / "home")
    dashboard.start()
    yield dashboard
    dashboard.close()


@pytest.fixture
def page(browser: Browser, dashboard: Dashboard) -> Iterator[Page]:
    """A fresh browser window in English; relative addresses go to the dashboard."""
    context = browser.new_context(base_url=dashboard.url, locale="en-GB", viewport={"width": 1280, "height": 900})
    context.set_default_timeout(20_000)
    refused = refused_in(context)
    page = context.new_page()
    yield page
    context.close()
    assert not refused
