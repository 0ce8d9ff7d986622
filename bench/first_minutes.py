"""From a new browser on a warm server to a trained network and a first prediction of one's own, for each card."""

import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from tests.e2e.dashboard import CHROMIUM_ARGUMENTS, PRETENDED_DEVICES, Dashboard, find_chromium
from tests.e2e.first_minutes import CARDS, walk_through
from tests.e2e.voice import pretended_microphone


def measure() -> dict[str, Any]:
    """Return clicks and seconds by card. Each begins in a new browser, after one visitor has warmed the server up."""
    with tempfile.TemporaryDirectory(prefix="trainyard-bench-") as folder, sync_playwright() as playwright:
        dashboard = Dashboard(Path(folder) / "home")
        dashboard.start()
        try:
            voice = pretended_microphone(Path(folder) / "word.wav")
            _walk(playwright, dashboard, "penguins", voice)
            return {card: _walk(playwright, dashboard, card, voice) for card in CARDS}
        finally:
            dashboard.close()


def _walk(playwright: Any, dashboard: Dashboard, card: str, voice: str) -> dict[str, float]:
    browser = playwright.chromium.launch(
        executable_path=find_chromium(), args=[*CHROMIUM_ARGUMENTS, *PRETENDED_DEVICES, voice]
    )
    try:
        context = browser.new_context(base_url=dashboard.url, permissions=["camera", "microphone"])
        clicks, seconds = walk_through(context.new_page(), dashboard, card)
        return {"clicks": clicks, "seconds": round(seconds, 1)}
    finally:
        browser.close()
