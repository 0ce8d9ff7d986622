"""People's texts are shown as written, and make no request to any host: in a real browser, in every kind of place."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.e2e.dashboard import ROOT, Dashboard
from tests.e2e.listener import listening
from tests.planted import planted

PATIENCE = 90_000
JOINER = "\N{WORD JOINER}"


class OnePage(Dashboard):
    """`streamlit run` of the page with the planted names alone."""

    script = str(Path(__file__).parent / "plain_page.py")


@pytest.fixture
def listener() -> Iterator[tuple[int, list[str]]]:
    """The port of a host, and what it was asked for."""
    with listening() as found:
        yield found


def test_planted_names_are_shown_as_they_are_at_every_kind_of_place(
    browser: Browser, tmp_path: Path, listener: tuple[int, list[str]]
) -> None:
    port, asked = listener
    names = planted(port)
    shown = OnePage(tmp_path, PLANTED=json.dumps(names), PYTHONPATH=str(ROOT))
    shown.start()
    try:
        page = browser.new_page(base_url=shown.url, viewport={"width": 1280, "height": 3000})
        page.goto("/")
        page.locator(".js-plotly-plot .ytick").first.wait_for(timeout=PATIENCE)
        wrong = {}
        for i, name in enumerate(names):
            place = page.locator(f".st-key-name-{i}")
            words = place.locator("[data-testid=stMarkdownContainer], [data-testid=stCaptionContainer]")
            found = [text.replace(JOINER, "").strip() for text in words.all_inner_texts()]
            made = place.locator("img, a, code, em, strong, .katex").count()
            if set(found) != {name} or len(found) < 9 or made:
                wrong[name] = found, made
        assert not wrong
        ticks = page.locator(".js-plotly-plot .ytick text").all_text_contents()
        assert sorted(ticks) == sorted(name if len(name) <= 24 else f"{name[:23]}…" for name in names)
        assert page.locator(".js-plotly-plot a").count() == 0
        page.wait_for_timeout(1_000)
        assert asked == []
    finally:
        shown.stop()
