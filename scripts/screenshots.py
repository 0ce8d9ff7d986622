"""Take the pictures of the README and the guide: the real program, a real run, Chromium."""

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw
from playwright.sync_api import FilePayload, Locator, Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from engine.runs import Run, RunSpec, RunState  # noqa: E402
from engine.store import Store  # noqa: E402
from scripts.rich_home import table  # noqa: E402
from tests.e2e.dashboard import CHROMIUM_ARGUMENTS, Dashboard, find_chromium  # noqa: E402

PICTURES = ROOT / "docs" / "pictures"
VALUES = {"dataset": "mnist", "model": "cnn", "epochs": 10, "shift": 0.05}
TUNED = {"dataset": "digits", "model": "mlp", "epochs": 30, "patience": 0}
TRAINING_SECONDS = 300
SEVEN = ((0.28, 0.22), (0.72, 0.22), (0.45, 0.82))
"""Corners of a handwritten seven, as shares of width and height."""


def main() -> int:
    """Train one run and take a picture at each station of the tour."""
    path = find_chromium()
    if path is None:
        print("No Chromium is installed. On Debian: apt-get install chromium", file=sys.stderr)
        return 1
    expect.set_options(timeout=30_000)
    PICTURES.mkdir(parents=True, exist_ok=True)
    draw_seven()
    with tempfile.TemporaryDirectory(prefix="pictures-", ignore_cleanup_errors=True) as folder:
        dashboard = Dashboard(Path(folder) / "home")
        dashboard.start()
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGUMENTS)
                window = browser.new_context(
                    base_url=dashboard.url, locale="en-GB", viewport={"width": 1280, "height": 860}
                )
                window.set_default_timeout(60_000)
                take_all(window.new_page(), dashboard.store())
                browser.close()
        finally:
            dashboard.close()
    return 0


def take_all(page: Page, store: Store) -> None:
    """Take the stations: start, form, live run, result, demo, tuning, data, list, system."""
    page.goto("/")
    expect(page.locator(".st-key-card-digits button:visible")).to_be_enabled()
    settle(page)
    take(page, "start")

    page.goto("/train")
    expect(page.locator(".st-key-train button:visible")).to_be_enabled()
    expect(page.locator(".st-key-cost")).to_contain_text("parameters")  # from a process that starts now
    settle(page)
    take(page, "train")

    run = store.runs.create(RunSpec.build(VALUES), "ada")
    page.goto(f"/run?run={run.id}")
    wait_until(page, store, run, lambda now: now.epoch >= 2)
    expect(page.locator(".js-plotly-plot").first).to_be_visible()
    settle(page)
    take(page, "live")

    completed(page, store, run)
    heading = page.get_by_role("heading", name="Result")
    expect(heading).to_be_visible()
    settle(page)
    take(page, "result", heading)

    page.goto(f"/demo?run={run.id}")
    draw(page)
    settle(page)
    take(page, "demo")

    for name, values in OTHERS.items():
        run = store.runs.create(RunSpec.build(values), "grace")
        page.goto(f"/run?run={run.id}")
        completed(page, store, run)
        page.goto(f"/demo?run={run.id}")
        GIVE[name](page, run)
        expect(page.locator(ANSWERS.get(name, "[data-testid=stMetricValue]")).first).to_be_visible()
        settle(page)
        take(page, name)

    tune(page, store)

    page.goto("/data")
    page.get_by_test_id("stFileUploaderDropzoneInput").first.set_input_files(own_table())
    expect(page.locator(".st-key-own-start button").first).to_be_enabled()
    settle(page)
    take(page, "data")

    page.goto("/data?own=record")
    expect(page.get_by_role("button", name="Turn on camera").first).to_be_visible()
    settle(page)
    take(page, "record")

    page.goto("/runs")
    settle(page)
    take(page, "runs")
    page.goto("/system")
    settle(page)
    take(page, "system")


def tune(page: Page, store: Store) -> None:
    """Take the stations of tuning: a fork, a search, its study, a comparison."""
    first, second = (store.runs.create(RunSpec.build(TUNED | values), "ada") for values in ({}, {"units": 16}))
    page.goto(f"/run?run={first.id}")
    completed(page, store, first)
    settle(page)
    page.get_by_test_id("stMainBlockContainer").get_by_role("button", name="Fork…").click()
    expect(page.get_by_role("button", name="Choose values")).to_be_visible()
    settle(page)
    take(page, "fork")

    completed(page, store, second)
    page.goto(f"/compare?runs={first.id},{second.id}")
    expect(page.get_by_text("test examples").first).to_be_visible()
    settle(page)
    take(page, "compare")

    page.goto("/search?dataset=digits&model=mlp&epochs=15&trials=16")
    start = page.get_by_test_id("stMainBlockContainer").get_by_role("button", name="Start search")
    expect(start).to_be_enabled()
    settle(page)
    take(page, "search")
    start.click()
    page.wait_for_url("**/study?study=*")
    (study,) = store.studies.list()
    while store.studies.get(study.id).live and len(store.studies.runs(study.id)) < 14:
        page.wait_for_timeout(500)
    settle(page)
    take(page, "study")
    store.studies.stop(study.id)


def completed(page: Page, store: Store, run: Run) -> None:
    """Wait until the run has completed."""
    wait_until(page, store, run, lambda now: not now.live)
    ended = store.runs.get(run.id)
    if ended.state is not RunState.COMPLETED:
        raise SystemExit(f"Run {run.id} is {ended.state.value}: {ended.message}")


def wait_until(page: Page, store: Store, run: Run, done: Callable[[Run], bool]) -> None:
    """Wait for the run, while the page keeps drawing."""
    for _ in range(TRAINING_SECONDS * 2):
        if done(now := store.runs.get(run.id)) or not now.live:
            return
        page.wait_for_timeout(500)
    raise SystemExit(f"Run {run.id} took more than {TRAINING_SECONDS} seconds.")


def writing(text: str, opens: str = "") -> Callable[[Page, Run], None]:
    """Return a way to write `text`, and to open the part below its answer that is called so."""

    def write(page: Page, run: Run) -> None:
        page.locator(f".st-key-text-{run.id} textarea").fill(text)
        page.locator(".st-key-predict_text button").first.click()
        if opens:
            page.get_by_text(opens).click()

    return write


def choosing(number: int) -> Callable[[Page, Run], None]:
    """Return a way to choose this example of the test split."""

    def choose(page: Page, run: Run) -> None:
        page.get_by_test_id("stButtonGroup").get_by_text("Example", exact=True).click()
        page.locator(f".st-key-example-{run.id}-{number} button").first.click()

    return choose


def as_it_is(page: Page, run: Run) -> None:
    """Do nothing: the form begins with an example."""


OTHERS: dict[str, dict[str, Any]] = {
    "text": {"dataset": "tweets", "epochs": 5},
    "sound": {"dataset": "spoken-digits", "model": "audio-cnn", "epochs": 12, "versions": 2},
    "table": {"dataset": "penguins"},
    "poem": {"dataset": "tang-poems", "epochs": 4},
    "number": {"dataset": "number-words"},
    "digits-heard": {"dataset": "digit-strings"},
    "digits-said": {"dataset": "digit-voices"},
    "forecast": {"dataset": "co2"},
}
GIVE: dict[str, Callable[[Page, Run], None]] = {
    "text": writing("So glad I came, what a wonderful evening 😀"),
    "sound": choosing(0),
    "table": as_it_is,
    "poem": writing("春"),
    "number": writing("eight hundred fifty one thousand three hundred fifty four", "Where it looked"),
    "digits-heard": choosing(3),
    "digits-said": as_it_is,
    "forecast": choosing(0),
}
"""Ways to give an input on the demo page."""
ANSWERS = {
    "poem": "[data-testid=stHtml] span[title*='%']",
    "number": "[data-testid=stHtml] span[title*='%']",
    "digits-heard": "[data-testid=stHtml] span[title*='probability']",
    "digits-said": "[data-testid=stAudio]",
    "forecast": ".js-plotly-plot",
}
"""Where an answer is seen that is no class and no number."""


def own_table() -> FilePayload:
    """Return a table as a person may bring it."""
    return {"name": "trees.csv", "mimeType": "text/csv", "buffer": table().encode()}


def draw(page: Page) -> None:
    """Draw a seven on the canvas."""
    canvas = page.locator("canvas").last
    canvas.wait_for()
    box = canvas.bounding_box()
    assert box is not None
    x, y, width, height = box["x"], box["y"], box["width"], box["height"]
    (start, *rest) = [(x + left * width, y + top * height) for left, top in SEVEN]
    page.mouse.move(*start)
    page.mouse.down()
    for point in rest:
        page.mouse.move(*point, steps=12)
    page.mouse.up()
    page.wait_for_timeout(8_000)  # the first prediction starts a process


def draw_seven() -> None:
    """Draw the digit of the README's prediction."""
    picture = Image.new("L", (112, 112))
    corners = [(round(left * 112), round(top * 112)) for left, top in SEVEN]
    ImageDraw.Draw(picture).line(corners, fill=255, width=11, joint="curve")
    picture.save(PICTURES / "seven.png")


def settle(page: Page) -> None:
    """Give charts and fonts the time to draw."""
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(2_500)


def take(page: Page, name: str, top: Locator | None = None) -> None:
    """Write one picture: what a person sees, with `top` scrolled into view."""
    if top is not None:
        top.evaluate("element => element.scrollIntoView()")
        page.wait_for_timeout(500)
    page.mouse.move(2, 2)  # away from buttons, which would show their tooltips
    page.wait_for_timeout(300)
    page.screenshot(path=PICTURES / f"{name}.png")
    print(f"docs/pictures/{name}.png")


if __name__ == "__main__":
    sys.exit(main())
