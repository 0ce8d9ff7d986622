"""A plug-in's task with its own kind of input and result works throughout, without a change to any page."""

import base64
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine import plugins
from engine.datasets.base import datasets
from engine.errors import TrainyardError
from engine.imports.archive import import_files
from engine.naming import Naming
from engine.preparation.prepare import prepare
from engine.serving.client import Predictor
from engine.serving.loaded import LoadedModels
from engine.serving.requests import Arrays, Instances
from engine.serving.uploads import open_inputs
from engine.settings import settings
from engine.spec import Range
from engine.store import Store
from engine.studies import Search, StudySpec
from tests import study_seeding
from tests.pages.opening import open_page, press, unfold, words
from tests.plugged import plugged
from tests.test_api import serving
from tests.test_archive import unzipped, zipped
from ui import lab
from ui.navigation import FOLDER
from ui.studies.views import VIEWS

NAME = "tests.series"


@pytest.fixture
def plugin(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The plug-in of eight floats."""
    with plugged(NAME, monkeypatch):
        yield


SERIES = [0.0, 0.48, 0.84, 1.0, 0.91, 0.6, 0.14, -0.35]
WRITTEN = ",".join(map(str, SERIES)).encode()


def command(*arguments: str) -> dict[str, Any]:
    """What a command prints in its last line for programs."""
    call = [sys.executable, "-m", "engine", *arguments, "--json"]
    ended = subprocess.run(call, capture_output=True, text=True, env=os.environ, timeout=200, check=False)
    assert ended.returncode == 0, ended.stderr
    printed: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return printed


def test_a_task_with_its_own_input_and_result_goes_the_whole_way(
    plugin: None, store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    at = unfold(open_page("train", task="interval"), "data")
    assert "Noisy waves" in words(at)
    at.session_state["terminal"] = True
    at.run()
    assert "--dataset waves --model series-mlp" in at.code[0].value
    trained = command("train", "--task", "interval", "--epochs", "40", "--batch-size", "16", "--patience", "0")
    run = trained["run"]
    assert trained["metrics"]["test_mae"] < 0.4, "half of what zero would miss by"
    at = open_page("run", run=run)
    assert any(metric.label.startswith("Test") for metric in at.metric)
    open_every_other_page(store, run)
    look_into("waves")
    ask_in_every_way(run)
    ask_on_the_command_line(run, tmp_path)
    predictor = Predictor()
    monkeypatch.setattr(lab, "predictor", lambda: predictor)
    try:
        ask_on_the_page(run)
        ask_many_on_the_page(run)
        ask_over_http(run, predictor)
    finally:
        predictor.close()


def open_every_other_page(store: Store, run: int) -> None:
    """Lists, comparisons, the system, and a study with every chart of it."""
    for path in FOLDER.glob("*.py"):
        query = {"compare": {"runs": run}, "search": {"task": "interval"}}.get(path.stem, {})
        if path.stem != "study":
            open_page(path.stem, **query)
    values = {"task": "interval", "dataset": "waves", "model": "series-mlp", "epochs": 8}
    spec = StudySpec.build(values, {"units": Range(8, 64, log=True)}, ("quality",), Search(trials=20, sampler="random"))
    made = store.studies.create(spec, Naming("waves"), "ada")
    for number, units in enumerate((8, 16, 32, 64)):
        study_seeding.ended(store, made, number, {"units": units}, quality=0.5 - number / 10)
    study_seeding.begun(store, made, 4, {"units": 12}, [0.4])
    for view in VIEWS:
        open_page("study", study=made.id, view=view)


def look_into(dataset: str, **query: str) -> None:
    """Open every tab of the Data page, and look for duplicates."""
    at = open_page("data", dataset=dataset, **query)
    for tab in ("Examples", "Health"):
        at.session_state["data.tab"] = tab
        at.run(timeout=120)
        assert not at.exception, at.exception[0].message
    at.get_by_key("health.duplicates").click().run(timeout=120)
    assert not at.exception
    assert "There are no duplicate examples." in [success.value for success in at.success]


def ask_in_every_way(run: int) -> None:
    """A file, entries of JSON, plain arrays and a batch give the same answers."""
    model = LoadedModels()
    (by_file,) = model.predict(run, [("a.csv", WRITTEN)])
    assert by_file.prediction is not None
    body = json.dumps({"instances": [SERIES, {"b64": base64.b64encode(WRITTEN).decode()}]}).encode()
    answers = json.loads(model.answer(run, [Instances(body)])[0])["predictions"]
    (outputs,) = model.answer(run, [Arrays(np.array([SERIES], np.float32))])
    for answer in (*answers, dict(zip(("low", "middle", "high"), outputs[0].tolist(), strict=True))):
        assert answer == pytest.approx(by_file.prediction.values)
    with open_inputs("series", [("a.csv", WRITTEN), ("b.json", json.dumps(SERIES).encode())]) as inputs:
        assert [member.name for member in inputs] == ["a.csv", "b.json"]


def ask_on_the_command_line(run: int, folder: Path) -> None:
    """`predict` answers for a file, and says what is wrong with another."""
    good, bad = folder / "good.series", folder / "bad.series"
    good.write_bytes(WRITTEN)
    bad.write_text("1, 2")
    call = [sys.executable, "-m", "engine", "predict", str(run), str(good), str(bad)]
    ended = subprocess.run(call, capture_output=True, text=True, env=os.environ, timeout=200, check=False)
    assert re.search(r"good\.series.*-\d\.\d", ended.stdout), ended
    assert "'bad.series' cannot be used. Expected: 8 numbers between commas." in ended.stdout + ended.stderr


def ask_on_the_page(run: int) -> None:
    """The plug-in's own box takes a series, and its renderer draws the answer."""
    at = open_page("demo", run=run)
    at.text_input(key="series").input("0, .48, .84, 1, .91, .6, .14, -.35").run()
    assert not at.exception
    (metric,) = (metric for metric in at.metric if metric.label == "Next")
    low, high = map(float, metric.value.split(" to "))
    assert low < -0.5 < high or -1.1 < low < high < -0.2, "the wave goes down to -0.76"
    at.text_input(key="series").input("zero").run()
    assert [error.value for error in at.error] == ["'series' cannot be used. Expected: 8 numbers between commas."]


def ask_many_on_the_page(run: int) -> None:
    """The batch answers for each file of a zip, and says what is wrong with one."""
    at = open_page("demo", run=run)
    given = zipped({"a.series": WRITTEN, "b.series": WRITTEN, "c.series": b"1, 2"})
    at.get_by_key(f"batch-files-{run}").upload("many.zip", given.getvalue(), "application/zip")
    at.run()
    press(at, "Predict all")
    for _ in range(100):
        if at.dataframe:
            break
        time.sleep(0.2)
        at.run()
    found = at.dataframe[0].value
    assert list(found["name"]) == ["a.series", "b.series", "c.series"]
    assert found["middle"][0] == pytest.approx(found["middle"][1])
    assert "8 numbers between commas" in found["error"][2]


def ask_over_http(run: int, predictor: Predictor) -> None:
    """The API describes the model, and answers for JSON and for files."""
    with contextmanager(serving)(predictor) as client:
        described = client.get(f"/models/{run}").json()
        assert described["task"] == "interval"
        answer = client.post(f"/models/{run}:predict", json={"instances": [SERIES]}).json()
        files = [("files", ("a.series", WRITTEN)), ("files", ("b.series", b"1"))]
        by_file, wrong = client.post(f"/models/{run}:predict", files=files).json()["predictions"]
        assert answer["predictions"][0] == pytest.approx({name: by_file[name] for name in ("low", "middle", "high")})
        assert "8 numbers between commas" in wrong["error"]


def waves_and_noise() -> dict[str, bytes]:
    """Files of two classes."""
    rng = np.random.default_rng(0)
    waves = np.sin(rng.uniform(0, 6, (30, 1)) + np.arange(8) * 0.5)
    both = {"wave": waves, "noise": rng.normal(0, 1, (30, 8))}
    return {
        f"{label}/{number}.series": ",".join(map(str, row)).encode()
        for label, rows in both.items()
        for number, row in enumerate(rows)
    }


def test_files_of_a_plug_ins_modality_are_imported_trained_on_and_predicted(
    plugin: None, store: Store, tmp_path: Path
) -> None:
    files = waves_and_noise()
    folder = unzipped(files | {"noise/broken.series": b"one, two"}, tmp_path / "mine")
    made = command("import", str(folder), "--name", "by-command")
    assert (made["kind"], made["dataset"], made["series"]) == ("series", "my-waves", "by-command")
    assert made["counts"] == {"noise": 30, "wave": 30}
    assert [problem["file"] for problem in made["problems"]] == ["noise/broken.series"]

    at = open_page("data")
    at.get_by_key("own.file-0").upload("mine.zip", zipped(files).getvalue())
    at.run()
    assert at.get_by_key("own.kind").value == "series"
    next(field for field in at.text_input if field.label == "Name").set_value("by-page").run()
    press(at, "Import")
    assert "60 examples imported as 'by-page'" in at.success[0].value
    look_into("my-waves", set="by-page")
    assert (
        "by-page"
        in unfold(open_page("train", task="series-classification", series="by-page"), "data")
        .selectbox(key="form.dataset.my-waves.series")
        .options
    )

    trained = command("train", "--dataset", "my-waves", "--series", "by-page", "--epochs", "20", "--batch-size", "8")
    assert trained["metrics"]["test_accuracy"] > 0.6
    open_page("run", run=trained["run"])
    wave = tmp_path / "wave.series"
    wave.write_bytes(files["wave/0.series"])
    predicted = command("predict", str(trained["run"]), str(wave))
    assert predicted["label"] in ("wave", "noise")


def test_series_of_another_length_are_named(plugin: None) -> None:
    files = waves_and_noise() | {"noise/short.series": b"1, 2, 3"}
    import_files("series", zipped(files), "mine")
    with pytest.raises(TrainyardError, match=r"'noise/short\.series' .* has 3 numbers; most others have 8\."):
        prepare(datasets["my-waves"].parse({"series": "mine"}))


def test_a_plug_in_that_cannot_be_imported_is_a_sentence(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINYARD_PLUGINS", "no_such_plugin")
    settings.cache_clear()
    with pytest.raises(TrainyardError, match=r"'no_such_plugin' cannot be imported .*PYTHONPATH"):
        plugins.import_plugins()
    settings.cache_clear()
