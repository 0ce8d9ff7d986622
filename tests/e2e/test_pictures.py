"""Things found in a picture, and pictures that a network makes, in a real browser."""

import json
import re
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, expect

from engine.datasets.stamp_scenes import StampScenes
from tests.e2e.dashboard import Dashboard
from tests.e2e.test_journey import PATIENCE, start_run
from tests.e2e.test_modalities import choose, png

PICTURES = 4


def test_things_are_found_switched_off_by_class_and_downloaded(page: Page, dashboard: Dashboard) -> None:
    run_id = start_run(page, "dataset=stamp-scenes&model=centernet&filters=8&scenes=400&epochs=2")
    dashboard.completed(run_id, timeout_seconds=300)
    page.goto(f"/demo?run={run_id}&threshold=0.01")  # after two epochs it is sure of nothing
    choose(page, "Upload")
    scene = StampScenes(scenes=200).extra_test("known_cutouts").inputs[0]
    given = {"name": "scene.png", "mimeType": "image/png", "buffer": png(np.asarray(scene))}
    page.locator("input[type=file]").first.set_input_files(given, timeout=PATIENCE)
    picture = page.locator("[data-testid=stHtml] img[alt]").first
    expect(picture).to_be_visible(timeout=PATIENCE)
    before = picture.get_attribute("alt") or ""
    switch = page.get_by_test_id("stButtonGroup").get_by_role("button", name=re.compile(r"\(\d+\)")).first
    name = switch.inner_text().split(" (")[0]
    assert name in before
    with page.expect_download() as download:
        page.get_by_text("COCO JSON").first.click()
    found = json.loads(Path(download.value.path()).read_text())
    assert found["images"][0] | {"id": 0} == {"id": 0, "file_name": "scene.png", "width": 128, "height": 128}
    assert {box["category_id"] for box in found["annotations"]} <= {one["id"] for one in found["categories"]}
    assert found["annotations"]
    switch.click()
    expect(picture).not_to_have_attribute("alt", before, timeout=PATIENCE)
    assert name not in (picture.get_attribute("alt") or "")


def test_a_class_is_asked_for_and_pictures_are_made(page: Page, dashboard: Dashboard) -> None:
    run_id = start_run(page, "task=image-generation&dataset=digits&model=flow-matching&filters=8&epochs=1")
    dashboard.completed(run_id, timeout_seconds=300)  # making pictures for its scores takes longer than learning
    page.goto(f"/demo?run={run_id}&count={PICTURES}&steps=4")
    made = page.locator("[data-testid=stImage] img").first
    expect(made).to_be_visible(timeout=PATIENCE)
    last = made.get_attribute("src")
    expect(page.get_by_text(f"of {PICTURES} pictures.")).to_be_visible()
    way = page.get_by_role("slider", name="From noise to picture")
    way.focus()
    way.press("Home")
    expect(made).not_to_have_attribute("src", last or "")
