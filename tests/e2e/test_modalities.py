"""A network on an upload of each kind, trained and tried in a real browser."""

import io
import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image
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


def own_table() -> bytes:
    """Rows whose length and whose word tell the class."""
    lengths = [7 * position % 80 / 4 for position in range(80)]
    rows = [f"{length},{'大' if length > 9 else '小'},{'yes' if length > 10 else 'no'}" for length in lengths]
    return "\n".join(["length,size,large", *rows]).encode()


def own_texts() -> bytes:
    """Lines of JSON in two languages."""
    said = {"yes": "好的，谢谢你，第{}次", "no": "not today, thank you, {}"}
    return "\n".join(
        json.dumps({"said": said[label].format(n), "label": label}) for n in range(40) for label in said
    ).encode()


def own_images() -> bytes:
    """A zip with a folder of dark pictures and one of bright ones."""
    return zipped("png", lambda bright, n: png(np.full((16, 16), 200 * bright + n, np.uint8)))


def own_sounds() -> bytes:
    """A zip with a folder of high tones and one of low ones."""
    time = np.arange(8_000) / 16_000
    return zipped("wav", lambda high, n: wav(np.sin(2 * np.pi * (200 + 1_800 * high + 9 * n) * time) / 2))


def zipped(extension: str, make: Callable[[int, int], bytes]) -> bytes:
    """Twenty files in each of the folders `no` and `yes`."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for number, label in enumerate(("no", "yes")):
            for position in range(20):
                archive.writestr(f"{label}/{position}.{extension}", make(number, position))
    return buffer.getvalue()


def png(pixels: np.ndarray) -> bytes:
    """A picture file."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def wav(samples: np.ndarray) -> bytes:
    """A sound file at 16 kHz."""
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, 16_000, format="WAV")
    return buffer.getvalue()


OWN = {
    "table": ("mine.csv", own_table, "dataset=my-table&table=mine&epochs=5"),
    "texts": ("mine.jsonl", own_texts, "dataset=my-texts&texts=mine&model=bag-of-embeddings&epochs=3"),
    "images": ("mine.zip", own_images, "dataset=folder&folder=mine&model=mlp&epochs=5"),
    "sounds": ("mine.zip", own_sounds, "dataset=my-clips&clips=mine&model=audio-cnn&versions=2&epochs=3"),
}
"""For each kind of upload: the file's name, what makes it, and the form that trains on it."""


@pytest.mark.parametrize("kind", OWN)
def test_one_s_own_data_is_imported_trained_on_and_tried(
    page: Page, dashboard: Dashboard, tmp_path: Path, kind: str
) -> None:
    name, make, query = OWN[kind]
    file = tmp_path / name.replace("mine", kind)
    file.write_bytes(make())
    page.goto("/data")
    page.get_by_test_id("stFileUploaderDropzoneInput").first.set_input_files(file)
    page.locator(".st-key-own-start button").click(timeout=PATIENCE)
    expect(page.get_by_text(re.compile(f"examples imported as '{kind}'")).first).to_be_visible(timeout=PATIENCE)
    run_id = trained(page, dashboard, query.replace("mine", kind))
    if kind != "table":  # its form is filled in with an example from the start
        choose(page, "Example")
        page.locator(f".st-key-example-{run_id}-0 button").first.click()
    expect(prediction(page, "yes|no")).to_be_visible(timeout=PATIENCE)
