"""Whether two pictures show the same, in a real browser: a network is trained, asked, and recognises whoever is enrolled."""

import io

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from engine.datasets.base import EMBEDDED
from tests.e2e.dashboard import Dashboard
from tests.e2e.test_journey import PATIENCE, button, start_run
from tests.e2e.test_modalities import choose


@pytest.fixture(scope="module")
def run_id(dashboard: Dashboard, request: pytest.FixtureRequest) -> int:
    """A run of two epochs, started in the browser."""
    browser = request.getfixturevalue("browser")
    page = browser.new_page(base_url=dashboard.url)
    found = start_run(page, "dataset=emoji-styles&model=embedding-cnn&filters=16&epochs=2")
    dashboard.completed(found, timeout_seconds=300)
    page.close()
    return found


def drawing(number: int, style: str) -> bytes:
    """One emoji as a PNG."""
    with np.load(EMBEDDED / "images" / "emoji_32.npz") as file:
        pixels = file[f"x_{style}"][number]
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def give(page: Page, key: str, data: bytes) -> None:
    """Choose a file in the uploader whose key begins so."""
    chosen = {"name": "picture.png", "mimeType": "image/png", "buffer": data}
    page.locator(f"[class*='st-key-{key}'] input[type=file]").first.set_input_files(chosen, timeout=PATIENCE)


def test_two_pictures_are_said_to_be_the_same_or_not(page: Page, run_id: int) -> None:
    page.goto(f"/demo?run={run_id}")
    choose(page, "Upload")
    give(page, f"upload-first-{run_id}", drawing(40, "noto"))
    give(page, f"upload-second-{run_id}", drawing(40, "noto"))
    expect(page.get_by_text("The same", exact=True).first).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text("pairs below").first).to_be_visible()


def test_somebody_is_enrolled_recognised_and_deleted(page: Page, dashboard: Dashboard, run_id: int) -> None:
    page.goto(f"/demo?run={run_id}")
    choose(page, "Recognise")
    for turn, (name, number) in enumerate((("Egg", 40), ("Moon", 900))):
        field = page.locator(f"[class*='st-key-enrol-name-{run_id}-{turn}'] input")
        field.fill(name, timeout=PATIENCE)
        field.press("Enter")
        give(page, f"enrol-{run_id}-{turn}-file", drawing(number, "noto"))
        button(page, "Enrol").click()
        if turn == 0:  # the gallery is folded up once somebody is in it
            page.get_by_text("Enrolled (1)").click(timeout=PATIENCE)
    expect(page.get_by_text("Enrolled (2)")).to_be_visible(timeout=PATIENCE)
    give(page, f"recognise-{run_id}-file", drawing(900, "noto"))
    nearest = page.get_by_test_id("stMetric").filter(has_text="Moon")
    expect(nearest).to_be_visible(timeout=PATIENCE)
    folder = dashboard.home / "galleries" / str(run_id)
    assert len(list(folder.iterdir())) == 2
    page.get_by_text("Enrolled (2)").click()
    for _name in range(2):
        before = len(list(folder.iterdir()))
        button(page, "Delete").first.click()
        expect(page.get_by_text(f"Enrolled ({before - 1})")).to_be_visible(timeout=PATIENCE)
        if before == 2:
            page.get_by_text("Enrolled (1)").click()
    assert not folder.exists()
