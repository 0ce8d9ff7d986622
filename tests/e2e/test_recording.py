"""Pictures from the camera, class by class, to a network that answers; clips from the microphone: what Teachable Machine is known for."""

import re
import time

from playwright.sync_api import Page, expect

from tests.e2e.dashboard import Dashboard
from tests.e2e.test_journey import PATIENCE
from tests.e2e.test_modalities import choose, prediction

EXAMPLES = 20


def record_class(page: Page, position: int) -> None:
    """Hold the button of one class until there are enough frames."""
    camera = page.locator(".camera").nth(position)
    camera.get_by_role("button", name="Turn on camera").click(timeout=PATIENCE)
    hold = camera.locator(".hold")
    expect(hold).to_be_visible(timeout=PATIENCE)
    hold.hover()
    page.mouse.down()
    enough = re.compile(r"^([2-9]\d|\d{3}) examples$")
    expect(camera.locator(".count")).to_have_text(enough, timeout=PATIENCE)
    page.mouse.up()


def test_three_classes_of_twenty_frames_become_a_classifier(page: Page, dashboard: Dashboard) -> None:
    page.goto("/data?own=record")
    page.get_by_role("button", name="Add a class").click(timeout=PATIENCE)
    expect(page.locator(".camera")).to_have_count(3, timeout=PATIENCE)
    begin = time.monotonic()
    for position in range(3):
        record_class(page, position)
    expect(page.locator(".camera video:visible")).to_have_count(1)  # one camera at a time
    page.set_viewport_size({"width": 420, "height": 800})
    page.get_by_role("button", name="Create dataset").click()
    expect(page.get_by_role("link", name="Train on it")).to_be_in_viewport(timeout=PATIENCE)
    page.set_viewport_size({"width": 1280, "height": 800})
    page.get_by_role("link", name="Train on it").click(timeout=PATIENCE)
    page.locator(".st-key-train button").click(timeout=PATIENCE)
    page.wait_for_url(re.compile(r"run\?run=\d+"), timeout=PATIENCE)
    run = dashboard.completed(int(re.findall(r"run=(\d+)", page.url)[0]))
    print(f"From the first frame to a trained network: {time.monotonic() - begin:.0f} s")
    assert run.spec["model"]["name"] == "efficientnet-lite0"
    page.goto(f"/demo?run={run.id}&by=camera")
    camera = page.locator(".camera")
    camera.get_by_role("button", name="Turn on camera").click(timeout=PATIENCE)
    expect(prediction(page, r"Class \d")).to_be_visible(timeout=PATIENCE)
    expect(camera).to_have_attribute("data-frame", re.compile(r"^([3-9]|\d\d+)$"), timeout=PATIENCE)
    camera.get_by_role("button", name="Turn off camera").click()
    expect(page.locator(".camera video")).to_be_hidden()


def test_a_microphone_fills_classes_with_clips_of_what_it_hears(page: Page, dashboard: Dashboard) -> None:
    page.goto("/data?own=record")
    choose(page, "Microphone")
    microphones = page.get_by_test_id("stAudioInputActionButton")
    expect(microphones).to_have_count(2, timeout=PATIENCE)
    for position in range(2):
        microphones.nth(position).click()
        page.wait_for_timeout(4_500)
        microphones.nth(position).click()
        clips = page.get_by_text(re.compile(r"^[3-9] clips of 1 s$"))
        expect(clips).to_have_count(position + 1, timeout=PATIENCE)
    page.get_by_role("textbox", name="Title").fill("Words")
    page.get_by_role("button", name="Create dataset").click()
    expect(page.get_by_role("link", name="Train on it")).to_be_visible(timeout=PATIENCE)
