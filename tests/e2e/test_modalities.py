"""One network of each modality, trained and tried in a real browser, and one on somebody's own table."""

import re
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.e2e.dashboard import Dashboard
from tests.e2e.test_journey import PATIENCE, start_run


def trained(page: Page, dashboard: Dashboard, query: str) -> int:
    """A run that was started in the browser and has completed; its demo page is open."""
    run_id = start_run(page, query)
    dashboard.completed(run_id)
    page.goto(f"/demo?run={run_id}")
    return run_id


def prediction(page: Page, words: str) -> Locator:
    """The large answer on the demo page, which reads one of `words`."""
    return page.get_by_test_id("stMetricValue").filter(has_text=re.compile(words)).first


def choose(page: Page, way: str) -> None:
    """Choose how an input is given."""
    page.get_by_test_id("stButtonGroup").get_by_text(way, exact=True).click()


def test_a_text_is_written_and_judged(page: Page, dashboard: Dashboard) -> None:
    run_id = trained(page, dashboard, "dataset=tweets&model=bag-of-embeddings&epochs=2")
    page.locator(f".st-key-text-{run_id} textarea").fill("What a lovely, happy day! 很好 😀")
    page.locator(".st-key-predict_text").get_by_role("button", name="Predict").click()
    expect(prediction(page, "positive|negative")).to_be_visible(timeout=PATIENCE)


def test_a_word_is_spoken_into_the_microphone(page: Page, dashboard: Dashboard) -> None:
    run_id = trained(page, dashboard, "dataset=spoken-digits&model=audio-cnn&epochs=2&copies=1")
    button = page.locator(f".st-key-microphone-{run_id}").get_by_test_id("stAudioInputActionButton")
    button.click()
    page.wait_for_timeout(2_000)  # of the pretended microphone's beeps
    button.click()
    expect(prediction(page, r"\w+")).to_be_visible(timeout=PATIENCE)
    expect(page.locator("audio").first).to_be_attached()


def test_a_row_is_filled_in(page: Page, dashboard: Dashboard) -> None:
    trained(page, dashboard, "dataset=penguins&epochs=5")
    expect(prediction(page, "Adelie|Chinstrap|Gentoo")).to_be_visible(timeout=PATIENCE)


def test_a_photo_is_taken(page: Page, dashboard: Dashboard) -> None:
    trained(page, dashboard, "dataset=digits&model=mlp&epochs=2")
    choose(page, "Camera")
    page.wait_for_function("document.querySelector('video')?.readyState >= 3", timeout=PATIENCE)
    page.get_by_role("button", name="Take Photo").click()
    expect(prediction(page, r"\d")).to_be_visible(timeout=PATIENCE)


def test_one_s_own_table_is_imported_trained_on_and_tried(page: Page, dashboard: Dashboard, tmp_path: Path) -> None:
    lengths = [7 * position % 80 / 4 for position in range(80)]
    rows = [f"{length},{'大' if length > 9 else '小'},{'yes' if length > 10 else 'no'}" for length in lengths]
    file = tmp_path / "sizes.csv"
    file.write_text("\n".join(["length,size,large", *rows]), encoding="utf-8")
    page.goto("/data")
    page.get_by_test_id("stFileUploaderDropzoneInput").first.set_input_files(file)
    page.locator(".st-key-own-start button").click(timeout=PATIENCE)
    expect(page.get_by_text("80 examples imported as").first).to_be_visible(timeout=PATIENCE)
    trained(page, dashboard, "dataset=my-table&table=sizes&epochs=5")
    expect(prediction(page, "yes|no")).to_be_visible(timeout=PATIENCE)
