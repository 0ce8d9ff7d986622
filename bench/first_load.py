"""The Train page in a browser that has never been here, on a warm server: bytes, requests, and time until it can be used.

The commit before, or what TRAINYARD_BENCH_BEFORE names, runs beside this one, and visits take turns: a slow minute of
the machine affects both alike. `browser_cpu_s` is what the page's process computed, which a busy machine hardly changes.
"""

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, CDPSession, sync_playwright

from bench.children import ROOT, median
from tests.e2e.dashboard import CHROMIUM_ARGUMENTS, Dashboard, find_chromium

VISITS = 7
_QUIET_MS = 1_500  # without an answer, all that the page needs has come
_WATCH = """
window.buttonAt = null;
new MutationObserver(() => {
  if (window.buttonAt === null && document.querySelector('.st-key-train button')) window.buttonAt = performance.now();
}).observe(document, {subtree: true, childList: true});
"""


def measure() -> dict[str, Any]:
    """Measure this version and the one before in turns."""
    path = find_chromium()
    if path is None:
        return {"skipped": "no Chromium is installed"}
    with ExitStack() as stack:
        folder = Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="trainyard-bench-", ignore_cleanup_errors=True))
        )
        sides = {"now": stack.enter_context(_served(folder / "now", ROOT))}
        if before := stack.enter_context(_commit_before(folder / "checkout")):
            sides["before"] = stack.enter_context(_served(folder / "before", before))
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGUMENTS)
        stack.callback(browser.close)
        for side in sides.values():
            _warm(browser, side.url)
        visits: dict[str, list[dict[str, float]]] = {name: [] for name in sides}
        for _ in range(VISITS):
            for name, side in sides.items():
                visits[name].append(visit(browser, side.url))
    found: dict[str, Any] = {name: _medians(of_side) for name, of_side in visits.items()}
    if "before" in found:
        found["before_over_now"] = {
            name: round(found["before"][name] / value, 2) for name, value in found["now"].items()
        }
    return found


@contextmanager
def _served(home: Path, root: Path) -> Iterator[Dashboard]:
    dashboard = Dashboard(home, root)
    dashboard.start()
    try:
        yield dashboard
    finally:
        dashboard.close()


@contextmanager
def _commit_before(folder: Path) -> Iterator[Path | None]:
    """Yield a checkout of the commit before; None where there is no Git or no such commit."""
    git = ("git", "-C", str(ROOT), "worktree")
    name = os.environ.get("TRAINYARD_BENCH_BEFORE", "HEAD~1")
    added = subprocess.run([*git, "add", "--detach", str(folder), name], capture_output=True, check=False)
    if added.returncode:
        yield None
        return
    try:
        yield folder
    finally:
        subprocess.run([*git, "remove", "--force", str(folder)], capture_output=True, check=False)


def _warm(browser: Browser, url: str) -> None:
    """Wait until the predictor has described the network, so that no visitor waits for TensorFlow."""
    page = browser.new_context(base_url=url, locale="en-GB").new_page()
    page.goto("/train")
    page.get_by_text(re.compile(r"\d parameters")).first.wait_for(timeout=180_000)
    page.context.close()


def visit(browser: Browser, url: str, address: str = "/train") -> dict[str, float]:
    """Open the page in a window of its own, with nothing in the browser's cache."""
    page = browser.new_context(
        bypass_csp=True, base_url=url, locale="en-GB", viewport={"width": 1400, "height": 900}
    ).new_page()
    page.add_init_script(_WATCH)
    devtools = page.context.new_cdp_session(page)
    sizes = traffic(devtools)
    page.goto(address, wait_until="commit")
    page.wait_for_function("window.buttonAt !== null", timeout=120_000)
    before = -1
    while before != sum(sizes.values()):
        before = sum(sizes.values())
        page.wait_for_timeout(_QUIET_MS)
    devtools.send("Performance.enable")
    metrics = {one["name"]: one["value"] for one in devtools.send("Performance.getMetrics")["metrics"]}
    paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    button = page.evaluate("window.buttonAt")
    page.context.close()
    return {
        "megabytes": sum(sizes.values()) / 1e6,
        "of_these_by_websocket": sizes["websocket"] / 1e6,
        "requests": len(sizes),
        "first_paint_s": paint / 1000,
        "train_button_s": button / 1000,
        "browser_cpu_s": metrics["ProcessTime"],
    }


def traffic(devtools: CDPSession) -> dict[str, int]:
    """Return a dictionary that fills with the bytes of each answer on the wire and of the websocket's messages."""
    sizes: dict[str, int] = {}

    def heard(event: dict[str, Any]) -> None:
        payload = event["response"]["payloadData"]
        sizes["websocket"] = sizes.get("websocket", 0) + len(payload) * 3 // 4  # Base64

    devtools.on("Network.webSocketFrameReceived", heard)
    devtools.on("Network.loadingFinished", lambda event: sizes.update({event["requestId"]: event["encodedDataLength"]}))
    devtools.send("Network.enable")
    return sizes


def _medians(visits: list[dict[str, float]]) -> dict[str, float]:
    return {name: round(median([one[name] for one in visits]), 3) for name in visits[0]}
