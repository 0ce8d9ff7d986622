"""Look at every page: light and dark, at three widths, in all languages; one contact sheet a station, to be looked at.

`python scripts/look.py [STATION ...] [--home FOLDER] [--out FOLDER] [--gallery]`. A home that is kept is filled once.
"""

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from scripts.rich_home import begin, end, fill, pictures, table  # noqa: E402
from scripts.sheets import Shot, write_sheet  # noqa: E402
from tests.e2e.dashboard import CHROMIUM_ARGUMENTS, PRETENDED_DEVICES, Dashboard, find_chromium  # noqa: E402
from tests.e2e.drawn import settle, show  # noqa: E402
from tests.e2e.proxy import Proxy  # noqa: E402

LOCALES = {"en": "en-GB", "zh": "zh-CN"}
WIDTHS = (1400, 900, 420)
LEAST_HEIGHT, MOST_HEIGHT = 900, 5_000
PATIENCE = 60_000
SHARED = {
    "TRAINYARD_MODE": "shared",
    "TRAINYARD_IDENTITY_HEADER": "X-Forwarded-Email",
    "TRAINYARD_TRUSTED_PROXIES": "127.0.0.1",
    "TRAINYARD_ADMINS": "ada",
    "TRAINYARD_MEMBERS": "*",
}
"""Settings with which a browser may say who somebody is, as a proxy would."""
PICTURES = ROOT / "docs" / "pictures" / "pages"
GALLERY_HEAD = f"""# All pages

Each page in the light and the dark theme, {", ".join(map(str, WIDTHS))} pixels wide, in English and 中文; long ones are cut.
Written by `python scripts/look.py --gallery` from real runs.
"""
Act = Callable[[Page], None]


@dataclass(frozen=True)
class Station:
    """A page in one state: its address, in which `{word}` is the number of a run or study, and what is done there."""

    name: str
    address: str
    act: Act = lambda page: None
    title: str = ""
    """Heading in the gallery; a station without one is not in it."""
    when: str = "full"
    """Which home it needs: `empty`, `full`, `live` while something trains, or in shared mode `visitor`, or `shared` with an admin."""


def tab(number: int) -> Act:
    """Open one of the last tabs of a page."""

    def act(page: Page) -> None:
        page.get_by_test_id("stTabs").last.get_by_role("tab").nth(number).click()

    return act


def option(number: int) -> Act:
    """Choose by number how an input is given: words differ by language."""

    def act(page: Page) -> None:
        page.locator("[class*=st-key-way-] [role=radio]").nth(number).click()

    return act


def example(page: Page) -> None:
    """Predict the first example of the test split."""
    page.locator("[class*=st-key-example-]").get_by_role("button").filter(visible=True).first.click()
    answered(page)


def answered(page: Page) -> None:
    """Wait for a prediction."""
    expect(page.get_by_test_id("stMetricValue").first).to_be_visible(timeout=PATIENCE)


def chosen_example(number: int) -> Act:
    """Choose examples as the way to give an input, and predict the first."""

    def act(page: Page) -> None:
        option(number)(page)
        example(page)

    return act


def drawn_example(number: int | None) -> Act:
    """Give an example, by the way of this number where there are several; the answer is a drawing."""

    def act(page: Page) -> None:
        if number is not None:
            option(number)(page)
            page.locator("[class*=st-key-example-]").get_by_role("button").filter(visible=True).first.click()
        settle(page)
        page.wait_for_timeout(5_000)

    return act


def write(page: Page) -> None:
    """Predict a text."""
    page.locator("[class*=st-key-text-] textarea").fill("A moving film with a wonderful cast; I loved it.")
    page.locator(".st-key-predict_text button").filter(visible=True).click()
    answered(page)


def generate(page: Page) -> None:
    """Let the network write on."""
    page.locator("[class*=st-key-text-] textarea").fill("春")
    page.locator(".st-key-predict_text button").filter(visible=True).click()
    expect(page.locator(".st-key-predict_text button").filter(visible=True)).to_be_enabled(timeout=PATIENCE)
    page.wait_for_timeout(5_000)


def batch(page: Page) -> None:
    """Predict a table of rows."""
    rows = "island,bill_length_mm,bill_depth_mm,flipper_length_mm,body_mass_g,sex,id\n"
    rows += "Biscoe,46.1,13.2,211,4500,female,A1\nDream,39.5,17.4,186,3800,female,A2\nBiscoe,wide,,220,5300,male,A3\n"
    page.get_by_test_id("stExpander").last.locator("summary").click()
    place = page.get_by_test_id("stExpander").last
    upload(page, "many.csv", rows.encode(), place.get_by_test_id("stFileUploaderDropzoneInput"))
    place.get_by_test_id("stBaseButton-secondary").filter(visible=True).last.click()
    expect(place.get_by_test_id("stDataFrame")).to_be_visible(timeout=PATIENCE)


def upload(page: Page, name: str, content: bytes, place: object = None) -> None:
    """Give a file to the first uploader."""
    found = place or page.get_by_test_id("stFileUploaderDropzoneInput").first
    found.set_input_files({"name": name, "mimeType": "application/octet-stream", "buffer": content})  # type: ignore[attr-defined]


def bring_table(page: Page) -> None:
    """Look at a table before its import."""
    upload(page, "trees.csv", table().encode())
    expect(page.locator(".st-key-own-start button").first).to_be_enabled(timeout=PATIENCE)


def bring_pictures(page: Page) -> None:
    """Look at a zip before its import."""
    upload(page, "shapes.zip", pictures())
    expect(page.locator(".st-key-own-start button").first).to_be_enabled(timeout=PATIENCE)


def unfold(page: Page) -> None:
    """Open the folds of the form, from the last to the first: those above stay where they are."""
    for number in reversed(range(page.get_by_test_id("stExpander").count())):
        page.get_by_test_id("stExpander").nth(number).locator("summary").click()
        settle(page)


def gallery(page: Page) -> None:
    """Open the gallery of datasets."""
    page.locator("[class*=st-key-gallery] button").filter(visible=True).first.click()
    expect(page.get_by_role("dialog")).to_be_visible()


STATIONS = (
    Station("start-empty", "/", when="empty"),
    Station("data-empty", "/data", when="empty"),
    Station("runs-empty", "/runs", when="empty"),
    Station("studies-empty", "/studies", when="empty"),
    Station("demo-empty", "/demo", when="empty"),
    Station("leaderboard-empty", "/leaderboard", when="empty"),
    Station("compare-empty", "/compare", when="empty"),
    Station("start-live", "/", when="live"),
    Station("run-live", "/run?run={live}", title="A run while it trains", when="live"),
    Station("run-machine", "/run?run={live}", tab(1), when="live"),
    Station("run-waiting", "/run?run={waiting}", when="live"),
    Station("runs-live", "/runs", when="live"),
    Station("system", "/system", title="System", when="live"),
    Station("start", "/", title="Start"),
    Station("train", "/train", title="Train"),
    Station("train-unfolded", "/train", unfold),
    Station("train-own", "/train?dataset=folder&folder=shapes"),
    Station("train-wrong", "/train?epochs=99999"),
    Station("train-fork", "/train?fork={digits}&fork_epoch=12&dataset=digits&model=mlp&epochs=16&patience=0"),
    Station("run", "/run?run={digits}", title="A run that has ended"),
    Station("run-reproduce", "/run?run={digits}", tab(1)),
    Station("run-log", "/run?run={digits}", tab(3)),
    Station("run-events", "/run?run={digits}", tab(4)),
    Station("run-system", "/run?run={digits}", tab(5)),
    Station("run-text", "/run?run={text}"),
    Station("run-sound", "/run?run={sound}"),
    Station("run-table", "/run?run={table}"),
    Station("run-value", "/run?run={value}"),
    Station("run-fork", "/run?run={fork}"),
    Station("run-stopped", "/run?run={stopped}"),
    Station("run-failed", "/run?run={failed}"),
    Station("demo-image", "/demo?run={digits}", chosen_example(1), title="Demo: images"),
    Station("demo-draw", "/demo?run={digits}"),
    Station("demo-text", "/demo?run={text}", write, title="Demo: texts"),
    Station("demo-sound", "/demo?run={sound}", chosen_example(1), title="Demo: audio clips"),
    Station("demo-table", "/demo?run={table}", answered, title="Demo: rows of a table"),
    Station("demo-value", "/demo?run={value}", answered),
    Station("demo-batch", "/demo?run={table}", batch),
    Station("data", "/data", title="Data"),
    Station("data-image", "/data?dataset=digits", title="A dataset"),
    Station("data-text", "/data?dataset=movie-snippets"),
    Station("data-sound", "/data?dataset=spoken-digits"),
    Station("data-table", "/data?dataset=penguins"),
    Station("data-own", "/data?dataset=folder&set=shapes"),
    Station("data-record", "/data?own=record", title="Recording classes"),
    Station("import-table", "/data", bring_table, title="A table before its import"),
    Station("import-files", "/data", bring_pictures),
    Station("runs", "/runs", title="Runs"),
    Station("search", "/search?dataset=digits&model=mlp&epochs=15", title="Search"),
    Station("search-models", "/search?dataset=penguins"),
    Station("studies", "/studies", title="Studies"),
    Station("study", "/study?study={study}", title="A study"),
    Station("compare", "/compare?runs={digits},{smaller}", title="Compare"),
    Station("leaderboard", "/leaderboard?dataset=digits", title="Leaderboard"),
    Station("learn", "/learn", title="Learn"),
    Station("learn-formulas", "/learn?read=formulas"),
    Station("run-poems", "/run?run={poems}", title="A network that writes"),
    Station("demo-poems", "/demo?run={poems}", generate, title="Demo: generated texts"),
    Station("run-scenes", "/run?run={scenes}"),
    Station("demo-scenes", "/demo?run={scenes}", drawn_example(0), title="Demo: things in pictures"),
    Station("run-alike", "/run?run={alike}"),
    Station("demo-alike", "/demo?run={alike}", drawn_example(0), title="Demo: are two pictures of the same?"),
    Station("demo-clothes", "/demo?run={clothes}", drawn_example(None), title="Demo: pictures that are made"),
    Station("demo-months", "/demo?run={months}", drawn_example(0), title="Demo: forecasts"),
    Station("label-empty", "/label", when="empty"),
    Station("label", "/label?labelling={boxes}", title="Label"),
    Station("demos", "/demos", title="Published demos", when="visitor"),
    Station("demo-published", "/demos?demo=digits", title="A published demo", when="visitor"),
    Station("account-visitor", "/account", when="visitor"),
    Station("account", "/account", title="Account", when="shared"),
    Station("demo-owner", "/demos?demo=digits", when="shared"),
    Station("start-shared", "/", when="shared"),
    Station("admin", "/admin", title="Admin", when="shared"),
)  # fmt: skip


def main() -> int:
    """Fill a home, and look at all stations or at those that are named."""
    asked = _arguments()
    path = find_chromium()
    if path is None:
        print("No Chromium is installed. On Debian: apt-get install chromium", file=sys.stderr)
        return 1
    stations = [
        one for one in STATIONS if (one.title if asked.gallery else not asked.stations) or one.name in asked.stations
    ]
    with tempfile.TemporaryDirectory(prefix="look-", ignore_cleanup_errors=True) as folder, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=path, args=[*CHROMIUM_ARGUMENTS, *PRETENDED_DEVICES])
        home = asked.home or Path(folder) / "home"
        for when in ("empty", "live", "full", "visitor", "shared"):
            if chosen := [one for one in stations if one.when == when]:
                with opened(when, home, Path(folder) / "empty") as (dashboard, made):
                    look(browser, dashboard, chosen, made, asked.out, asked.languages)
        browser.close()
    if asked.gallery:
        write_gallery(asked.out)
    return 0


def write_gallery(out: Path) -> None:
    """Copy the sheets of the gallery to the documents, and write the page that shows them."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    lines = [GALLERY_HEAD]
    for station in STATIONS:
        if station.title and (out / f"{station.name}.webp").is_file():
            shutil.copy(out / f"{station.name}.webp", PICTURES)
            lines.append(f"## {station.title}\n\n![{station.title}](pictures/pages/{station.name}.webp)\n")
    (ROOT / "docs" / "gallery.md").write_text("\n".join(lines), encoding="utf-8")


@contextmanager
def opened(when: str, home: Path, empty: Path) -> Iterator[tuple[Dashboard, dict[str, int]]]:
    """A dashboard on the home that some stations need, with the numbers of what is in it."""
    dashboard = Dashboard(empty if when == "empty" else home, **(SHARED if when in ("visitor", "shared") else {}))
    dashboard.start()
    try:
        made = {} if when == "empty" else filled(dashboard)
        going = begin(dashboard) if when == "live" else {}
        yield dashboard, made | going
        end(dashboard, going)
    finally:
        dashboard.close()


def filled(dashboard: Dashboard) -> dict[str, int]:
    """Fill the home, unless it is full already."""
    note = dashboard.home / "look.json"
    if not note.is_file():
        note.write_text(json.dumps(fill(dashboard)))
    return dict(json.loads(note.read_text()))


def look(
    browser: Browser,
    dashboard: Dashboard,
    stations: list[Station],
    made: dict[str, int],
    out: Path,
    languages: list[str],
) -> None:
    """Take all pictures of some stations, and write their sheets."""
    proxy = Proxy("ada", dashboard.port)  # a browser sends headers of its own with pages, and none with websockets
    for station in stations:
        shots: list[Shot] = []
        for language in languages:
            context = browser.new_context(
                base_url=proxy.url if station.when == "shared" else dashboard.url,
                locale=LOCALES[language],
                viewport={"width": WIDTHS[0], "height": LEAST_HEIGHT},
                permissions=["camera", "microphone"],
            )
            context.set_default_timeout(PATIENCE)
            try:
                shots += visit(context, station, made, out / "shots", language)
            except Exception as error:  # noqa: BLE001  # the others can still be looked at
                print(f"{station.name} ({language}): {str(error)[:600]}", file=sys.stderr)
            context.close()
        if shots:
            write_sheet(out, station.name, shots)
            print(station.name, flush=True)
    proxy.close()


def visit(
    context: BrowserContext, station: Station, made: dict[str, int], folder: Path, language: str
) -> Iterator[Shot]:
    """Open a station once, and take its picture in each theme at each width."""
    page = context.new_page()
    page.emulate_media(color_scheme="light")
    page.goto(station.address.format(**made))
    settle(page)
    station.act(page)
    settle(page)
    for width in WIDTHS:
        fit(page, width)
        for theme in ("light", "dark"):
            show(page, theme)  # type: ignore[arg-type]
            page.wait_for_timeout(700)  # charts draw themselves after the page has
            folder.mkdir(parents=True, exist_ok=True)
            file = folder / f"{station.name}-{language}-{width}-{theme}.png"
            page.mouse.move(2, 2)
            page.screenshot(path=file)
            yield Shot(language, theme, width, Image.open(file).convert("RGB"))


def fit(page: Page, width: int) -> None:
    """Make the window so high that nothing has to be scrolled."""
    page.set_viewport_size({"width": width, "height": LEAST_HEIGHT})
    page.wait_for_timeout(700)
    settle(page)
    needed = page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
    page.set_viewport_size({"width": width, "height": min(max(int(needed), LEAST_HEIGHT), MOST_HEIGHT)})
    page.wait_for_timeout(700)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stations", nargs="*", metavar="STATION", help="names of stations; all without one")
    parser.add_argument("--home", type=Path, help="a home to keep and to use again")
    parser.add_argument("--out", type=Path, default=Path("looks"), help="folder of the pictures")
    parser.add_argument("--gallery", action="store_true", help="take the stations of docs/gallery.md, and write it")
    parser.add_argument("--languages", nargs="*", default=list(LOCALES), choices=LOCALES)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
