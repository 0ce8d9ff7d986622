"""The Compare page with twenty runs of 5,000 points each: time until its curves are drawn in Chromium, and bytes sent.

Twenty finished runs are written into an empty home; the real server and a real browser do the rest. The clock starts
when the browser commits to the page's address, and again at the first message of the websocket, since loading
Streamlit itself is outside our control; it ends when Plotly has drawn the curves.
"""

import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Browser, Page, WebSocket, sync_playwright

from bench.children import median
from engine.files import write_text
from engine.preparation.prepare import prepare
from engine.runs import RunSpec, RunState
from engine.store import MetricPoint, Store
from tests.e2e.dashboard import CHROMIUM_ARGUMENTS, Dashboard, find_chromium

RUNS, POINTS, EPOCHS = 20, 5_000, 50
VISITS = 7
QUERY = "metric=loss&split=train&axis=step&smoothing=0.6"
_WATCH = """
window.drawnAt = null;
new MutationObserver(() => {
  const plot = document.querySelector('[data-name="compared-curves"][data-step]');
  if (plot && window.drawnAt === null) window.drawnAt = Date.now();
}).observe(document, {subtree: true, childList: true, attributes: true, attributeFilter: ['data-step']});
"""


def measure() -> dict[str, Any]:
    """Measure opening a link in a fresh window, right after the start of the server and later; and from the Runs page."""
    path = find_chromium()
    if path is None:
        return {"skipped": "no Chromium is installed"}
    with tempfile.TemporaryDirectory(prefix="trainyard-bench-", ignore_cleanup_errors=True) as folder:
        dashboard = Dashboard(Path(folder) / "home")
        dashboard.start()
        try:
            address = f"/compare?runs={','.join(map(str, seed(dashboard)))}&{QUERY}"
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGUMENTS)
                _visit(browser, dashboard.url, "/system", "h1")  # the browser's own start
                first, *links = [_visit(browser, dashboard.url, address) for _ in range(1 + VISITS)]
                clicks = [_from_runs(browser, dashboard.url, address) for _ in range(VISITS)]
                browser.close()
        finally:
            dashboard.close()
    return {
        "runs": RUNS,
        "points_each": POINTS,
        "by_link_first": first,
        "by_link_median": _medians(links),
        "from_the_runs_page_median": _medians(clicks),
    }


def _medians(visits: list[dict[str, float]]) -> dict[str, float]:
    return {name: round(median([visit[name] for visit in visits])) for name in visits[0]}


def _visit(browser: Browser, url: str, address: str, wait: str = "") -> dict[str, float]:
    """Open the page in a window of its own, as a visitor with a link does: nothing is in the browser's cache."""
    page, moments, received = _window(browser, url)
    page.on("framenavigated", lambda _frame: moments.setdefault("commit", 1000 * time.time()))
    page.goto(address, wait_until="commit")
    if wait:
        page.wait_for_selector(wait, timeout=60_000)
        page.context.close()
        return {}
    drawn = _drawn(page)
    _until_quiet(page, received)
    page.context.close()
    return {
        "from_commit_ms": drawn - moments["commit"],
        "from_first_message_ms": drawn - moments["message"],
        "websocket_bytes": received[0],
    }


def _from_runs(browser: Browser, url: str, address: str) -> dict[str, float]:
    """Go there as the button of the Runs page does, which changes the address without loading the program again."""
    page, _moments, received = _window(browser, url)
    page.goto("/runs")
    page.wait_for_selector("[data-testid=stDataFrame]", timeout=60_000)
    page.wait_for_function("window.Plotly !== undefined", timeout=60_000)
    _until_quiet(page, received)
    received[0] = 0
    began = page.evaluate(
        "(a) => { const t = Date.now(); history.pushState({}, '', a);"
        " window.dispatchEvent(new PopStateEvent('popstate')); return t; }",
        address,
    )
    drawn = _drawn(page)
    _until_quiet(page, received)
    page.context.close()
    return {"from_click_ms": drawn - began, "websocket_bytes": received[0]}


def _window(browser: Browser, url: str) -> tuple[Page, dict[str, float], list[int]]:
    """Open a fresh window that records the times and bytes of its websocket."""
    page = browser.new_context(
        bypass_csp=True, base_url=url, locale="en-GB", viewport={"width": 1280, "height": 900}
    ).new_page()
    page.add_init_script(_WATCH)
    moments: dict[str, float] = {}
    received = [0]
    page.on("websocket", lambda socket: _listen(socket, moments, received))
    return page, moments, received


def _drawn(page: Page) -> float:
    page.wait_for_function("window.drawnAt !== null", timeout=60_000)
    return float(page.evaluate("window.drawnAt"))


def _listen(socket: WebSocket, moments: dict[str, float], received: list[int]) -> None:
    def heard(payload: str | bytes) -> None:
        moments.setdefault("message", 1000 * time.time())
        received[0] += len(payload)

    socket.on("framereceived", heard)


def _until_quiet(page: Page, received: list[int]) -> None:
    """Wait until nothing has come for a second: the verdicts come after the curves."""
    before = -1
    while before != received[0]:
        before = received[0]
        page.wait_for_timeout(1_000)


def seed(dashboard: Dashboard) -> list[int]:
    """Write twenty completed runs with a curve, an epoch history, and predictions on the same test examples."""
    store = dashboard.store()
    ids = [_run(store, dashboard.home, seed) for seed in range(RUNS)]
    store.close()
    return ids


def _run(store: Store, home: Path, seed: int) -> int:
    values = {"units": 32 * (1 + seed % 4), "learning_rate": 10 ** (-4 + seed / 10), "dropout": 0.05 * (seed % 5)}
    spec = RunSpec.build({"dataset": "digits", "model": "mlp", "epochs": EPOCHS, "seed": seed} | values)
    run = store.runs.create(spec, "bench", slot="bench")
    rng = np.random.default_rng(seed)
    steps = np.arange(1, POINTS + 1)
    losses = 0.2 + 2 * np.exp(-steps / (500 + 40 * seed)) + rng.normal(0, 0.05, POINTS)
    now = time.time()
    points = [
        MetricPoint(0, "train", "loss", "step", int(step), float(step * EPOCHS / POINTS), float(loss), now + step / 50)
        for step, loss in zip(steps, losses, strict=True)
    ]
    for epoch in range(1, EPOCHS + 1):
        for split, name, value in _epoch(epoch, seed):
            step = epoch * POINTS // EPOCHS
            points.append(MetricPoint(0, split, name, "epoch", step, float(epoch), value, now + step / 50))
    best = {"epoch": EPOCHS, "val_accuracy": 0.9, "val_loss": 0.3, "accuracy": 0.95, "loss": 0.2}
    store.attempts.report(run, points, epoch=EPOCHS, step=POINTS, best=best)
    accuracy = _outcomes(spec, home / "runs" / str(run.id), rng)
    result = {"test_accuracy": accuracy, "baseline_name": "logistic-regression-pixels", "baseline_accuracy": 0.95}
    store.attempts.end(run, RunState.COMPLETED, result=result)
    return run.id


def _epoch(epoch: int, seed: int) -> list[tuple[str, str, float]]:
    loss = 0.3 + float(np.exp(-epoch / (5 + seed)))
    names = (("train", "loss", 1.0), ("validation", "loss", 1.1))
    found = [(split, name, factor * loss) for split, name, factor in names]
    return found + [(split, "accuracy", 1 - value / 3) for split, _name, value in found]


def _outcomes(spec: RunSpec, folder: Path, rng: np.random.Generator) -> float:
    """Write predictions that are right nine times out of ten; return how many are."""
    data = prepare(spec.dataset)
    positions = data.indices("test")
    targets = data.targets[positions]
    outputs = rng.dirichlet(np.ones(data.info.num_classes), len(targets)).astype(np.float32)
    outputs[np.arange(len(targets)), targets] += rng.random(len(targets)) < 0.9
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(folder / "outcomes.npz", test_positions=positions, test_outputs=outputs, test_targets=targets)
    write_text(folder / "log.txt", "")
    return float((outputs.argmax(axis=1) == targets).mean())
