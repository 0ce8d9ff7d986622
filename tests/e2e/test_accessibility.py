"""Every page, light and dark, in the eyes of axe-core: nothing that it calls serious or critical."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from PIL import ImageColor
from playwright.sync_api import Browser, Page, expect

from engine.access import default_owner
from engine.imports.labelled import Labelled, Proposal, Said
from engine.settings import settings
from engine.store import open_store
from tests import seeding, study_seeding
from tests.e2e.dashboard import Dashboard
from tests.e2e.drawn import settle, show
from tests.e2e.policy import refused_in
from tests.saved_runs import TINY, save_network
from tests.test_archive import png
from ui.navigation import PAGES
from ui.theme import THEMES

PATIENCE = 90_000
DARK_TEXT = f"rgb{ImageColor.getrgb(THEMES['dark'].text)}"
AXE = Path(__file__).parent / "vendor" / "axe" / "axe.min.js"
ADDRESSES = (
    "/", "/train", "/search", "/data", "/data?dataset=digits", "/label", "/label?labelling=1",
    "/runs", "/run?run=1", "/run?run=3", "/demo?run=1",
    "/studies", "/study?study=1", "/compare?runs=1,2", "/classrooms", "/leaderboard", "/learn", "/demos", "/account", "/admin", "/system",
)  # fmt: skip


FINDINGS = """() => axe.run({ resultTypes: ['violations'] }).then(({ violations }) => violations
  .filter(({ id, impact }) => ['serious', 'critical'].includes(impact) || id === 'heading-order')
  .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 300)} ${failureSummary}`)))"""


@pytest.fixture(scope="module")
def window(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """One window on a dashboard with two evaluated runs, of which the first can be asked, a failed one and a study."""
    dashboard = Dashboard(tmp_path_factory.mktemp("trainyard") / "home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRAINYARD_HOME", str(dashboard.home))
        settings.cache_clear()
        settings().runs_path.mkdir(parents=True)
        store = open_store()
        save_network(seeding.evaluated(store, **TINY))
        seeding.evaluated(store, **TINY | {"units": 32})
        seeding.failed(store, **TINY)
        study_seeding.study(store)
        made = store.labellings.create(default_owner(), "Pets", "boxed-pictures", ["cat", "dog"], "", most=1)
        said = Said(((4.0, 4.0, 20.0, 20.0),), (1,), proposals=(Proposal((2.0, 6.0, 30.0, 28.0), "Cat", 0.6),))
        store.labellings.add(made, [Labelled(0, "pet.png", png(1), said)])
        store.close()
    settings.cache_clear()
    dashboard.start()
    context = browser.new_context(base_url=dashboard.url, locale="en-GB", viewport={"width": 1280, "height": 900})
    context.set_default_timeout(PATIENCE)
    refused = refused_in(context)
    yield context.new_page()
    context.close()
    dashboard.close()
    assert not refused


@pytest.mark.parametrize("address", ADDRESSES)
def test_axe_finds_nothing_serious_in_both_themes(window: Page, address: str) -> None:
    window.emulate_media(color_scheme="light")
    window.goto(address)
    settle(window)
    window.evaluate(AXE.read_text(encoding="utf-8"))
    found = {"light": findings(window)}
    show(window, "dark")
    found["dark"] = findings(window)
    if (texts := window.locator(".js-plotly-plot text")).count():
        expect(texts.first).to_have_css(
            "fill", DARK_TEXT, timeout=PATIENCE
        )  # charts follow, though Streamlit draws nothing anew
    assert not any(found.values()), found
    expect(window.get_by_text("The chart cannot be drawn")).to_have_count(0)


def test_no_page_is_left_out() -> None:
    assert {urlsplit(address).path.strip("/") or "start" for address in ADDRESSES} == {entry.name for entry in PAGES}


def test_the_menu_of_a_phone_closes_once_a_page_is_chosen(window: Page) -> None:
    window.set_viewport_size({"width": 420, "height": 800})
    window.goto("/studies")
    window.get_by_test_id("stExpandSidebarButton").click()
    window.get_by_test_id("stSidebarNavLink").filter(has_text="Runs").click()
    expect(window.get_by_role("heading", name="Runs")).to_be_in_viewport()
    expect(window.get_by_test_id("stSidebar")).not_to_be_in_viewport()


def test_a_run_is_selected_and_opened_by_keyboard(window: Page) -> None:
    window.set_viewport_size({"width": 1280, "height": 900})
    window.goto("/runs")
    table = window.get_by_test_id("data-grid-canvas")
    table.wait_for()
    settle(window)
    for _ in range(40):
        if table.evaluate("table => document.activeElement === table"):
            break
        window.keyboard.press("Tab")
    window.keyboard.press("ArrowDown")
    window.keyboard.press("Shift+Space")
    window.locator("[data-testid=stBaseButton-primary]:enabled").first.press("Enter")
    expect(window).to_have_url(re.compile(r"/run\?run=\d+"))


def findings(page: Page) -> list[str]:
    """Return what axe-core calls serious or critical."""
    return [str(found) for found in page.evaluate(FINDINGS)]
