"""The first five minutes of a newcomer: from a card of the start page to a prediction of their own."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect

from engine.datasets.spoken_digits import WORDS
from tests.e2e.dashboard import Dashboard

PATIENCE = 90_000
"""Milliseconds; the first prediction waits for TensorFlow on a busy machine."""


@dataclass
class Walk:
    """One newcomer in one browser window, whose clicks are counted."""

    page: Page
    clicks: int = 0

    def click(self, place: Locator) -> None:
        """Click once the page is drawn, and count it. A button with a help text stands twice, once out of sight."""
        place = place.filter(visible=True)
        expect(place).to_have_count(1, timeout=PATIENCE)
        place.click(timeout=PATIENCE)
        self.clicks += 1

    def choose(self, way: str) -> None:
        """Choose how an input is given, unless it is chosen already."""
        option = self.page.get_by_test_id("stButtonGroup").get_by_role("radio", name=way, exact=True)
        expect(option).to_be_attached(timeout=PATIENCE)
        if option.get_attribute("aria-checked") != "true":
            self.click(option)


def draw_a_one(walk: Walk) -> None:
    """Draw a stroke straight down."""
    walk.choose("Draw")
    canvas = walk.page.locator("canvas.upper-canvas")
    expect(canvas).to_be_visible(timeout=PATIENCE)
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    mouse = walk.page.mouse
    mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.2 * box["height"])
    mouse.down()
    mouse.move(box["x"] + 0.48 * box["width"], box["y"] + 0.8 * box["height"], steps=16)
    mouse.up()


def write_a_review(walk: Walk) -> None:
    """Write a sentence."""
    walk.page.locator("[class*=st-key-text-] textarea").fill("A moving film with a wonderful cast; I loved it.")
    walk.click(walk.page.locator(".st-key-predict_text").get_by_role("button", name="Predict"))


def say_a_word(walk: Walk) -> None:
    """Record what the pretended microphone hears: it ends by itself."""
    walk.click(walk.page.locator(".microphone").get_by_role("button", name="Record"))


def keep_the_row(walk: Walk) -> None:
    """Leave the form as it is filled in: with an example."""


def take_a_photo(walk: Walk) -> None:
    """Show the pretended camera something."""
    walk.choose("Camera")
    walk.click(walk.page.locator(".camera").get_by_role("button", name="Turn on camera"))


CARDS: dict[str, tuple[Callable[[Walk], None], str]] = {
    "digits": (draw_a_one, r"\b1\b"),
    "films": (write_a_review, "positive"),
    "words": (say_a_word, "|".join(WORDS)),
    "penguins": (keep_the_row, "Adelie|Chinstrap|Gentoo"),
    "photos": (take_a_photo, r"\w"),
}
"""By the name of a card: how a newcomer gives an input of their own, and what the answer may read."""


def walk_through(page: Page, dashboard: Dashboard, card: str) -> tuple[int, float]:
    """Train by one click on a card and predict an input of one's own. Returns clicks, and seconds from the first load."""
    give, answer = CARDS[card]
    walk, began = Walk(page), time.monotonic()
    page.goto("/")
    walk.click(page.locator(f".st-key-card-{card} button"))
    page.wait_for_url(re.compile(r"run=\d+"), timeout=PATIENCE)
    dashboard.completed(int(re.findall(r"run=(\d+)", page.url)[0]))
    walk.click(page.get_by_role("button", name="Try it"))
    page.wait_for_url(re.compile("/demo"), timeout=PATIENCE)
    give(walk)
    found = page.get_by_test_id("stMetricValue").filter(has_text=re.compile(answer)).first
    expect(found).to_be_visible(timeout=PATIENCE)
    return walk.clicks, time.monotonic() - began
