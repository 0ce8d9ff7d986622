"""Pages that only a shared dashboard has, for an admin behind a proxy: nothing is refused, and axe finds nothing serious."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from engine import service
from engine.access import Actor, Role
from engine.accounts.logins import login_of_header
from engine.service import opened, sign_in
from engine.settings import settings
from tests import seeding
from tests.e2e.dashboard import Dashboard
from tests.e2e.drawn import PATIENCE, settle, show
from tests.e2e.policy import refused_in
from tests.e2e.proxy import Proxy
from tests.e2e.test_accessibility import AXE, findings

ADA, BOB = Actor("ada@example.org", Role.ADMIN), Actor("bob@example.org", Role.MEMBER)
SHARED = {
    "TRAINYARD_MODE": "shared",
    "TRAINYARD_IDENTITY_HEADER": "X-Forwarded-Email",
    "TRAINYARD_TRUSTED_PROXIES": "127.0.0.1",
    "TRAINYARD_ADMINS": ADA.name,
    "TRAINYARD_MEMBERS": BOB.name,
}
PARTS = ("People", "Budgets", "Queue", "Notice", "Audit log", "Storage")


def fill(dashboard: Dashboard) -> None:
    """Two people, of whom one has a run, a demo, a token and a share code."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in SHARED.items() | {"TRAINYARD_HOME": str(dashboard.home)}.items():
            patch.setenv(name, value)
        settings.cache_clear()
        store = opened.store()
        for person in (ADA, BOB):
            sign_in.enter(login_of_header(person.name))
        run = seeding.evaluated(store, owner=BOB.name)
        seeding.queued(store)
        service.demos.publish(BOB, run.id, "clothes")
        service.tokens.create(BOB, "a notebook", [], [])
        service.tokens.create(ADA, "a site", [], [], ["clothes"])
        _share, code = service.shares.create(BOB, run.id, 7)
        service.shares.redeem(sign_in.actor_of(login_of_header(ADA.name)), code)
        opened.close()
    settings.cache_clear()


@pytest.fixture(scope="module")
def window(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """One window of an admin."""
    dashboard = Dashboard(tmp_path_factory.mktemp("trainyard") / "home", **SHARED)
    fill(dashboard)
    dashboard.start()
    proxy = Proxy(ADA.name, dashboard.port)
    context = browser.new_context(base_url=proxy.url, locale="en-GB", viewport={"width": 1280, "height": 900})
    context.set_default_timeout(PATIENCE)
    refused = refused_in(context)
    yield context.new_page()
    context.close()
    proxy.close()
    dashboard.close()
    assert not refused


def check(page: Page) -> None:
    """Look at the page as it is, light and dark."""
    settle(page)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = {"light": findings(page)}
    show(page, "dark")
    found["dark"] = findings(page)
    assert not any(found.values()), found


def test_the_account_of_somebody_who_is_logged_in(window: Page) -> None:
    window.emulate_media(color_scheme="light")
    window.goto("/account")
    expect(window.get_by_role("heading", name="Tokens")).to_be_visible()
    expect(window.get_by_text("Only: clothes.")).to_be_visible()
    check(window)


@pytest.mark.parametrize("part", PARTS)
def test_each_part_of_the_administration(window: Page, part: str) -> None:
    window.emulate_media(color_scheme="light")
    window.goto("/admin")
    window.get_by_role("tab", name=part).click()
    expect(window.get_by_role("tab", name=part)).to_have_attribute("aria-selected", "true")
    check(window)
