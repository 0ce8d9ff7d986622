"""When a page of the dashboard is drawn: nothing in it runs, moves or fades."""

from typing import Literal

from playwright.sync_api import Page, expect

from tests.e2e.policy import until

PATIENCE = 90_000


def settle(page: Page) -> None:
    """Wait until the page is drawn and nothing in it moves or fades."""
    page.get_by_test_id("stMainBlockContainer").first.wait_for()
    page.wait_for_timeout(300)
    until(
        page,
        "!document.querySelector('[data-testid=stApp][data-test-script-state=running], [data-testid=stSkeleton]')"
        " && document.getAnimations().every(({ playState }) => playState !== 'running')",
        PATIENCE,
    )
    page.wait_for_timeout(300)


def show(page: Page, scheme: Literal["light", "dark"]) -> None:
    """Change the theme of the browser, and wait until the page has followed."""
    page.emulate_media(color_scheme=scheme)
    expect(page.get_by_test_id("stApp")).to_have_css("color-scheme", scheme, timeout=PATIENCE)
    page.wait_for_timeout(500)
    settle(page)
