"""Planted names of classes, columns, files, sets, owners and studies on every page of the real dashboard: no request leaves."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from engine.runs import RunState
from engine.settings import settings
from engine.studies import StudyState
from tests import planted, seeding, study_seeding
from tests.e2e.dashboard import Dashboard
from tests.e2e.listener import listening
from tests.e2e.test_journey import PATIENCE, start_run
from tests.planted import FOLDERS, PICTURE, at_port
from tests.test_own_data import imported

TEXTS = "task=text-classification&dataset=my-texts&texts=planted-texts&model=bag-of-embeddings"
TABLE = {"dataset": "my-table", "table": "planted-table"}
JOINER = "\N{WORD JOINER}"


@dataclass(frozen=True)
class Planted:
    """A dashboard with planted names, and the host that they name."""

    port: int
    asked: list[str]
    evaluated: int
    failed: int
    study: int


@pytest.fixture(scope="module")
def home(dashboard: Dashboard) -> Iterator[Planted]:
    """Sets of each kind, runs on them and a study, all with planted names."""
    with listening() as (port, asked), pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRAINYARD_HOME", str(dashboard.home))
        settings.cache_clear()
        store, owner = dashboard.store(), at_port(PICTURE, port)
        columns = {"kind": "texts", "text_column": "text", "label_column": "label"}
        imported(io.BytesIO(planted.texts(port)), "a.csv", "planted-texts", title="***", **columns)
        imported(io.BytesIO(planted.table(port)), "a.csv", "planted-table", title=owner)
        imported(io.BytesIO(planted.clips(port)), "a.zip", "planted-clips", title="$x^2$")
        imported(io.BytesIO(planted.pictures(port)), "a.zip", "planted-pictures", title=":smile:")
        evaluated = seeding.evaluated(store, owner=owner, **TABLE)
        failed = seeding.running(store, owner=owner, **TABLE)
        store.attempts.end(failed, RunState.FAILED, f"Column {owner!r} has no *** in it.")
        study = study_seeding.study(store, name=owner)
        store.studies.end(study.id, StudyState.STOPPED, f"{owner} was stopped.")
        settings.cache_clear()
        yield Planted(port, asked, evaluated.id, failed.id, study.id)
        settings.cache_clear()


def settled(page: Page) -> None:
    """Wait until the page is drawn, and a moment longer for what it may ask for."""
    page.get_by_test_id("stMainBlockContainer").first.wait_for(timeout=PATIENCE)
    page.locator("[data-testid=stApp][data-test-script-state=running]").wait_for(state="detached", timeout=PATIENCE)
    page.wait_for_timeout(700)


def quiet(page: Page, home: Planted) -> None:
    """Nothing was asked for, and nothing is there that a click would ask for."""
    settled(page)
    assert home.asked == [], page.url
    links = page.locator(f"a[href*=':{home.port}'], img[src*=':{home.port}'], a[href*='example.org']")
    assert links.count() == 0, (page.url, links.first.evaluate("node => node.outerHTML"))
    assert page.get_by_text("Something went wrong").count() == 0, page.url


def text_of(page: Page) -> str:
    """Return what a reader sees."""
    return page.locator("body").inner_text().replace(JOINER, "")


def tabs(page: Page, home: Planted) -> None:
    """Open all tabs, one after the other."""
    for i in range(page.get_by_role("tab").count()):
        page.get_by_role("tab").nth(i).click()
        quiet(page, home)


@pytest.mark.parametrize("name", ["planted-table", "planted-texts", "planted-pictures", "planted-clips"])
def test_sets_are_browsed_checked_and_shown_in_the_form(page: Page, home: Planted, name: str) -> None:
    dataset, field = {
        "planted-table": ("my-table", "table"), "planted-texts": ("my-texts", "texts"),
        "planted-pictures": ("folder", "folder"), "planted-clips": ("my-clips", "clips"),
    }[name]  # fmt: skip
    page.goto(f"/data?dataset={dataset}&set={name}")
    quiet(page, home)
    tabs(page, home)
    for i in range(page.get_by_role("button", name="Check", exact=True).count()):
        page.get_by_role("button", name="Check", exact=True).first.click()
        page.wait_for_timeout(300 * (i + 1))
        quiet(page, home)
    page.goto(f"/?dataset={dataset}&{field}={name}")
    quiet(page, home)


@pytest.mark.parametrize(
    ("filename", "make"), [("t.csv", "table"), ("x.csv", "texts"), ("p.zip", "pictures"), ("c.zip", "clips")]
)
def test_imports_are_previewed_and_done(page: Page, home: Planted, tmp_path: Path, filename: str, make: str) -> None:
    file = tmp_path / f"{at_port(FOLDERS[0], home.port)} {filename}"
    file.write_bytes(getattr(planted, make)(home.port))
    page.goto("/data")
    page.get_by_test_id("stFileUploaderDropzoneInput").first.set_input_files(file)
    start = page.locator(".st-key-own-start button")
    expect(start).to_be_visible(timeout=PATIENCE)
    quiet(page, home)
    start.click()
    expect(page.get_by_text("examples imported as").first).to_be_visible(timeout=PATIENCE)
    quiet(page, home)


def test_runs_comparisons_leaderboards_and_studies(page: Page, home: Planted) -> None:
    owner = at_port(PICTURE, home.port)
    for address in ("data", "runs", f"compare?runs={home.evaluated},{home.failed}", "leaderboard", "studies", "system"):
        page.goto(f"/{address}")
        quiet(page, home)
        tabs(page, home)
    page.goto(f"/run?run={home.evaluated}")
    expect(page.locator(".live-plot .ytick text").first).to_be_attached(timeout=PATIENCE)
    quiet(page, home)
    tabs(page, home)
    assert f"by {owner}" in text_of(page)
    ticks = page.locator(f".live-plot[data-name=confusion-{home.evaluated}] .ytick text").all_text_contents()
    assert set(ticks) >= {"***", ":material/home:"}
    page.goto(f"/run?run={home.failed}")
    quiet(page, home)
    assert f"Column '{owner}' has no *** in it." in text_of(page)
    page.goto(f"/study?study={home.study}")
    quiet(page, home)
    assert text_of(page).count(owner) >= 2


def test_words_of_the_address_are_shown_as_they_are(page: Page, home: Planted) -> None:
    for address in (
        "?dataset={p}&model=***",
        "search?vary={p}",
        "data?dataset={p}",
        "compare?runs={p}",
        "run?run={p}",
        "demo?run={p}",
    ):
        page.goto("/" + address.format(p=at_port(PICTURE, home.port).replace("/", "%2F")))
        quiet(page, home)


def test_a_network_is_trained_and_asked_one_at_a_time_and_in_a_batch(
    page: Page, home: Planted, dashboard: Dashboard
) -> None:
    run = start_run(page, f"{TEXTS}&epochs=1")
    dashboard.completed(run)
    page.goto(f"/run?run={run}")
    quiet(page, home)
    page.goto(f"/demo?run={run}")
    page.get_by_test_id("stButtonGroup").get_by_text("Example", exact=True).click()
    page.locator(f".st-key-example-{run}-0 button").first.click(timeout=PATIENCE)
    answer = page.get_by_test_id("stMetricValue").first
    expect(answer).to_be_visible(timeout=PATIENCE)
    quiet(page, home)
    classes = [at_port(name, home.port) for name in planted.TEXT_CLASSES]
    assert answer.inner_text().replace(JOINER, "") in classes
    page.get_by_text("Batch").click()
    files = [
        {"name": f"{at_port(FOLDERS[0], home.port)} {i}.txt", "mimeType": "text/plain", "buffer": text}
        for i, text in enumerate((b"birds", b"fish", b"\xff\xfe\x00"))
    ]
    page.locator(f".st-key-batch-files-{run}").get_by_test_id("stFileUploaderDropzoneInput").set_input_files(files)
    page.get_by_role("button", name="Predict all").click()
    expect(page.get_by_role("button", name="Download as CSV", exact=True)).to_be_visible(timeout=PATIENCE)
    quiet(page, home)
