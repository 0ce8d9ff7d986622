"""The journey of a newcomer in a real browser: train, watch, reload, restart, stop, resume, try."""

import re
import time

from playwright.sync_api import Locator, Page, expect

from engine.runs import RunState
from tests.e2e.dashboard import Dashboard

PATIENCE = 90_000  # ms; the first prediction waits for TensorFlow on a busy machine


def loss_plot(page: Page) -> Locator:
    """The live chart of the loss."""
    return page.locator(".live-plot[data-name=loss]")


def last_step(page: Page) -> int:
    """The step up to which the loss is drawn."""
    return int(loss_plot(page).get_attribute("data-step") or 0)


def wait_for_step(page: Page, step: int) -> None:
    """Wait until the chart shows more than `step` updates."""
    until = time.monotonic() + PATIENCE / 1000
    expect(loss_plot(page)).to_have_attribute("data-step", re.compile(r"\d+"), timeout=PATIENCE)
    while last_step(page) <= step:
        assert time.monotonic() < until, f"The chart stayed at step {last_step(page)}."
        page.wait_for_timeout(100)


def button(page: Page, name: str) -> Locator:
    """A button of the page itself: while a page is drawn, Streamlit's own Stop stands above it."""
    return page.get_by_test_id("stMainBlockContainer").get_by_role("button", name=name)


def start_run(page: Page, query: str) -> int:
    """Open the filled form, press Train and return the id of the run whose page opens."""
    page.goto(f"/?{query}")
    page.locator(".st-key-train button").click(timeout=PATIENCE)
    page.wait_for_url(re.compile(r"run=\d+"), timeout=PATIENCE)
    return int(re.findall(r"run=(\d+)", page.url)[0])


def axis_range(page: Page) -> list[float]:
    """The part of the epoch axis that the loss chart shows."""
    shown: list[float] = loss_plot(page).evaluate("plot => plot.layout.xaxis.range.map(Number)")
    return shown


def test_a_run_is_trained_watched_stopped_resumed_and_tried(page: Page, dashboard: Dashboard) -> None:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    run_id = start_run(page, "dataset=mnist&model=cnn&epochs=60&patience=0")
    wait_for_step(page, 0)

    # zoom, and see it kept over ticks
    loss_plot(page).evaluate("plot => window.Plotly.relayout(plot, {'xaxis.range': [0.1, 0.6]})")
    node = loss_plot(page).element_handle()
    seen = last_step(page)
    wait_for_step(page, seen)
    assert axis_range(page) == [0.1, 0.6]
    assert node is not None
    assert node.evaluate("node => node.isConnected"), "The chart was mounted anew."

    # a reload finds the run again
    page.reload()
    wait_for_step(page, last_step(page) if loss_plot(page).count() else 0)

    # so does a dashboard that was restarted, while the run went on
    before = dashboard.store().runs.get(run_id).step
    dashboard.stop()
    dashboard.start()
    page.goto(f"/run?run={run_id}")
    wait_for_step(page, before)
    assert dashboard.store().runs.get(run_id).attempt == 1

    button(page, "Stop").click()
    expect(button(page, "Resume")).to_be_visible(timeout=PATIENCE)
    stopped = dashboard.store().runs.get(run_id)
    assert stopped.state is RunState.STOPPED
    assert (dashboard.home / "runs" / str(run_id) / "model.keras").is_file()

    button(page, "Resume").click()
    wait_for_step(page, stopped.step)
    assert dashboard.store().runs.get(run_id).attempt == 2
    button(page, "Stop").click()
    expect(button(page, "Resume")).to_be_visible(timeout=PATIENCE)
    assert not errors


def test_a_completed_run_shows_its_result_and_a_drawn_digit_is_recognised(page: Page, dashboard: Dashboard) -> None:
    run_id = start_run(page, "dataset=mnist&model=cnn&epochs=4&patience=0")
    run = dashboard.completed(run_id)
    try_it = page.get_by_role("link", name="Try it").or_(page.get_by_role("button", name="Try it"))
    assert run.result["test_accuracy"] > 0.85
    expect(page.get_by_text(f"{run.result['test_accuracy']:.1%}").first).to_be_visible(timeout=PATIENCE)

    try_it.first.click()
    page.wait_for_url(re.compile("demo"), timeout=PATIENCE)
    canvas = page.locator("canvas.upper-canvas")
    expect(canvas).to_be_visible(timeout=PATIENCE)
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    x, y, width, height = box["x"], box["y"], box["width"], box["height"]
    page.mouse.move(x + 0.5 * width, y + 0.2 * height)  # a one: straight down
    page.mouse.down()
    page.mouse.move(x + 0.49 * width, y + 0.5 * height, steps=8)
    page.mouse.move(x + 0.48 * width, y + 0.8 * height, steps=8)
    page.mouse.up()
    result = page.get_by_test_id("stMetricValue").or_(page.get_by_test_id("stHeading"))
    expect(result.filter(has_text=re.compile(r"\b1\b")).first).to_be_visible(timeout=PATIENCE)
