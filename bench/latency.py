"""From the click on Train to the first point in Chromium's chart, and from writing a metric to drawing it."""

import re
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from bench.children import median, percentile
from engine.runs import RunState
from engine.store import Store
from tests.e2e.dashboard import CHROMIUM_ARGUMENTS, Dashboard, find_chromium

TRIES = 5
TRAIN = ".st-key-train button"
_PLOT = ".live-plot[data-name=loss]"
_WATCH = """
() => { window.drawn = []; const plot = document.querySelector(%r);
  new MutationObserver(() => window.drawn.push([Number(plot.dataset.step), Date.now() / 1000]))
    .observe(plot, {attributes: true, attributeFilter: ['data-step']}); }
"""


def measure() -> dict[str, Any]:
    """Measure the default form (12,000 clothes, CNN), a warm dashboard, one visitor."""
    with (
        tempfile.TemporaryDirectory(prefix="trainyard-bench-") as folder,
        sync_playwright() as playwright,
    ):
        dashboard = Dashboard(Path(folder) / "home")
        dashboard.start()
        try:
            browser = playwright.chromium.launch(executable_path=find_chromium(), args=CHROMIUM_ARGUMENTS)
            store = dashboard.store()
            first = _click_to_point(browser, dashboard, store, standby=False)
            warm = [_click_to_point(browser, dashboard, store, standby=True) for _ in range(TRIES)]
            drawn = _written_to_drawn(browser, dashboard, store)
            return {
                "click_to_first_point_standby_seconds_median": round(median(warm), 2),
                "click_to_first_point_standby_seconds_each": [round(s, 2) for s in warm],
                "click_to_first_point_cold_seconds": round(first, 2),
                "written_to_drawn_seconds_median": round(median(drawn), 2),
                "written_to_drawn_seconds_p95": round(percentile(drawn, 0.95), 2),
                "written_to_drawn_points": len(drawn),
            }
        finally:
            dashboard.close()


def _click_to_point(browser: Browser, dashboard: Dashboard, store: Store, *, standby: bool) -> float:
    """Return seconds; with `standby` after a worker has loaded TensorFlow, otherwise without an executor a moment ago."""
    page = browser.new_page(base_url=dashboard.url)
    page.goto("/?epochs=40")
    page.wait_for_selector(TRAIN)
    page.wait_for_timeout(3000)
    if standby:
        _wait_for_standby(store)
    began = time.monotonic()
    page.click(TRAIN)
    page.wait_for_selector(f"{_PLOT}[data-step]", timeout=90_000)
    seconds = time.monotonic() - began
    _end(page, store)
    return seconds


def _written_to_drawn(browser: Browser, dashboard: Dashboard, store: Store) -> list[float]:
    """Return, for each step that was drawn, the seconds since its value was measured."""
    _wait_for_standby(store)
    page = browser.new_page(base_url=dashboard.url)
    page.goto("/?epochs=40")
    page.click(TRAIN)
    page.wait_for_selector(f"{_PLOT}[data-step]", timeout=90_000)
    page.evaluate(_WATCH % _PLOT)
    page.wait_for_timeout(25_000)
    drawn = page.evaluate("window.drawn")
    run_id = int(re.findall(r"run=(\d+)", page.url)[0])
    written = {p.step: p.at for p in store.metrics.read(run_id) if (p.split, p.name) in _LOSSES}
    _end(page, store)
    return [at - written[step] for step, at in drawn if step in written]


_LOSSES = {("train", "loss"), ("validation", "loss")}


def _wait_for_standby(store: Store) -> None:
    until = time.monotonic() + 120
    while (known := store.leases.get()) is None or known.info["standby"]["state"] != "ready":
        if time.monotonic() > until:
            raise RuntimeError("No standby worker became ready.")
        time.sleep(0.2)
    time.sleep(1.0)


def _end(page: Page, store: Store) -> None:
    """Cancel running runs and close the window."""
    for run in store.runs.list(states=[RunState.QUEUED, RunState.RUNNING]):
        store.runs.request_end(run.id, RunState.CANCELED)
    page.close()
    until = time.monotonic() + 60
    while store.runs.list(states=[RunState.QUEUED, RunState.RUNNING]) and time.monotonic() < until:
        time.sleep(0.1)
