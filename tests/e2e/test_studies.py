"""The journey of a person who tunes: search, steer, promote the best, fork it, compare the two, download the script."""

import json
import re
import subprocess
import sys
import time
import zipfile
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from engine.runs import RunState
from engine.studies import StudyState
from tests.e2e.dashboard import Dashboard
from tests.e2e.test_journey import PATIENCE, button

_ROW, _HEAD = 35, 35
"""Pixels of a table's rows; the boxes that select them stand at its left edge."""
FORM = "dataset=digits&model=mlp&epochs=40&patience=0&vary=learning_rate,units&trials=5&pruner=none"


def number_in(page: Page, name: str) -> int:
    """The number that the address gives to `name`, once it is there."""
    page.wait_for_url(re.compile(rf"{name}=\d+"), timeout=PATIENCE)
    return int(re.findall(rf"{name}=(\d+)", page.url)[0])


def select_row(page: Page, table: Locator, row: int) -> None:
    """Tick the box of a row, counted from 0."""
    table.scroll_into_view_if_needed()
    box = table.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 16, box["y"] + _HEAD + (row + 0.5) * _ROW)


def until(condition: object, words: str) -> None:
    """Wait for a condition of the store."""
    assert callable(condition)
    end = time.monotonic() + PATIENCE / 1000
    while not condition():
        assert time.monotonic() < end, words
        time.sleep(0.2)


def test_a_study_is_steered_its_best_promoted_forked_compared_and_taken_home(
    page: Page, dashboard: Dashboard, tmp_path: Path
) -> None:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    store = dashboard.store()

    # from the form to a study
    page.goto(f"/?{FORM}")
    button(page, "Search…").click(timeout=PATIENCE)
    button(page, "Start search").click(timeout=PATIENCE)
    study = number_in(page, "study")

    # a guess of one's own, and a trial that is stopped
    button(page, "Try your own values").click(timeout=PATIENCE)
    page.get_by_role("spinbutton", name="Learning rate").fill("0.0123")
    page.get_by_role("button", name="Enqueue").click()
    until(lambda: store.studies.get(study).enqueued or len(store.studies.runs(study)) > 1, "No guess has arrived.")
    page.keyboard.press("Escape")
    until(lambda: any(run.epoch for trial in store.studies.runs(study).values() for run in trial), "No trial trains.")
    table = page.get_by_test_id("stDataFrame").last
    expect(table).to_be_visible(timeout=PATIENCE)
    select_row(page, table, 0)
    stop = button(page, "Stop this trial")
    expect(stop).to_be_enabled(timeout=PATIENCE)
    stop.click()

    # it is watched to its end
    until(lambda: store.studies.get(study).state is StudyState.COMPLETED, "The study does not end.")
    trials = store.studies.runs(study)
    states = [run.state for runs in trials.values() for run in runs]
    assert len(trials) == 5
    assert states.count(RunState.STOPPED) == 1
    assert any(runs[0].spec["optimizer"]["learning_rate"] == 0.0123 for runs in trials.values())
    expect(page.locator(".live-plot").first).to_have_attribute("data-step", re.compile(r"\d+"), timeout=PATIENCE)

    # the best becomes a run, which is evaluated on the test split
    button(page, "Promote the best trial").click(timeout=PATIENCE)
    parent = dashboard.completed(number_in(page, "run"))
    assert parent.study_id is None
    assert parent.result["test_accuracy"] > 0.8

    # another run goes on from one of its epochs
    button(page, "Fork…").click(timeout=PATIENCE)
    page.get_by_role("button", name="Choose values").click(timeout=PATIENCE)
    page.wait_for_url(re.compile("fork="), timeout=PATIENCE)
    page.locator(".st-key-train button").click(timeout=PATIENCE)
    page.wait_for_url(lambda url: "run=" in url, timeout=PATIENCE)
    child = dashboard.completed(number_in(page, "run"))
    assert child.parent_id == parent.id

    # parent and child side by side, with a verdict
    page.goto("/runs")
    runs = page.get_by_test_id("stDataFrame").last
    expect(runs).to_be_visible(timeout=PATIENCE)
    select_row(page, runs, 0)
    select_row(page, runs, 1)
    compare = button(page, "Compare")
    expect(compare).to_be_enabled(timeout=PATIENCE)
    compare.click()
    page.wait_for_url(re.compile("compare"), timeout=PATIENCE)
    expect(page.get_by_text(re.compile(r"on (the same )?\d+ test examples")).first).to_be_visible(timeout=PATIENCE)

    # the script says the same without Trainyard
    page.goto(f"/run?run={parent.id}")
    page.get_by_role("tab", name="Reproduce").click(timeout=PATIENCE)
    button(page, "Write the script").click(timeout=PATIENCE)
    with page.expect_download(timeout=PATIENCE) as download:
        button(page, "Download as Python").click(timeout=PATIENCE)
    zipfile.ZipFile(download.value.path()).extractall(tmp_path)
    (script,) = tmp_path.rglob("*.py")
    done = subprocess.run(
        [sys.executable, "-I", script.name], cwd=script.parent, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr[-2000:]
    said = json.loads(done.stdout.splitlines()[-1])
    assert abs(said["test_accuracy"] - parent.result["test_accuracy"]) < 0.03
    assert not errors
