"""A plug-in's task with its own kind of input and result works throughout, without a change to any page."""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from engine import plugins
from engine.errors import TrainyardError
from engine.serving.client import Predictor
from engine.serving.loaded import LoadedModels
from engine.serving.requests import Arrays, Instances
from engine.serving.uploads import open_inputs
from engine.settings import settings
from engine.store import Store
from tests.pages.opening import open_page, words
from tests.plugged import plugged
from ui import lab
from ui.navigation import FOLDER

NAME = "tests.series"


@pytest.fixture
def plugin(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The plug-in of eight floats."""
    with plugged(NAME, monkeypatch):
        yield


def test_a_task_with_its_own_input_and_result_goes_the_whole_way(
    plugin: None, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = open_page("train", task="interval")
    assert "Noisy waves" in words(at)
    assert "--dataset waves --model series-mlp" in words(at)

    command = [
        sys.executable,
        "-m",
        "engine",
        "train",
        "--task",
        "interval",
        "--epochs",
        "40",
        "--batch-size",
        "16",
        "--patience",
        "0",
        "--json",
    ]
    ended = subprocess.run(command, capture_output=True, text=True, env=os.environ, timeout=200, check=False)
    assert ended.returncode == 0, ended.stderr
    trained = json.loads(ended.stdout.splitlines()[-1])
    assert trained["metrics"]["test_mae"] < 0.4, "half of what zero would miss by"

    at = open_page("run", run=trained["run"])
    assert any(metric.label.startswith("Test") for metric in at.metric)

    for name in ("runs", "compare", "search", "studies", "leaderboard"):
        if (FOLDER / f"{name}.py").is_file():
            open_page(name, **({"runs": trained["run"]} if name == "compare" else {}))
    look_into("waves")
    ask_in_every_way(trained["run"])

    predictor = Predictor()
    monkeypatch.setattr(lab, "predictor", lambda: predictor)
    try:
        at = open_page("demo", run=trained["run"])
        at.text_input(key="series").input("0, .48, .84, 1, .91, .6, .14, -.35").run()
        assert not at.exception
        (metric,) = (metric for metric in at.metric if metric.label == "Next")
        low, high = map(float, metric.value.split(" to "))
        assert low < -0.5 < high or -1.1 < low < high < -0.2, "the wave goes down to -0.76"
        at.text_input(key="series").input("zero").run()
        assert [error.value for error in at.error] == ["'series' cannot be used. Expected: 8 numbers between commas."]
    finally:
        predictor.close()


def look_into(dataset: str) -> None:
    """Open every tab of the Data page, and look for duplicates."""
    at = open_page("data", dataset=dataset)
    for tab in ("Examples", "Health"):
        at.session_state["data.tab"] = tab
        at.run(timeout=60)
        assert not at.exception, at.exception[0].message
    at.get_by_key("health.duplicates").click().run(timeout=60)
    assert not at.exception
    assert "There are no duplicate examples." in [success.value for success in at.success]


def ask_in_every_way(run: int) -> None:
    """A file, entries of JSON, plain arrays and a batch give the same answers."""
    series = [0.0, 0.48, 0.84, 1.0, 0.91, 0.6, 0.14, -0.35]
    model, written = LoadedModels(), ",".join(map(str, series)).encode()
    (by_file,) = model.predict(run, [("a.csv", written)])
    assert by_file.prediction is not None
    body = json.dumps({"instances": [series, {"b64": base64.b64encode(written).decode()}]}).encode()
    answers = json.loads(model.answer(run, [Instances(body)])[0])["predictions"]
    (outputs,) = model.answer(run, [Arrays(np.array([series], np.float32))])
    for answer in (*answers, dict(zip(("low", "middle", "high"), outputs[0].tolist(), strict=True))):
        assert answer == pytest.approx(by_file.prediction.values)
    with open_inputs("series", [("a.csv", written), ("b.json", json.dumps(series).encode())]) as inputs:
        assert [member.name for member in inputs] == ["a.csv", "b.json"]


def test_a_plug_in_that_cannot_be_imported_is_a_sentence(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINYARD_PLUGINS", "no_such_plugin")
    settings.cache_clear()
    with pytest.raises(TrainyardError, match=r"'no_such_plugin' cannot be imported .*PYTHONPATH"):
        plugins.import_plugins()
    settings.cache_clear()
