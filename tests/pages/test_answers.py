"""Answers that are neither a class nor a number go the whole way: a text that streams, a box, a picture without targets."""

import base64
import io
import json
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from engine import service
from engine.access import local_owner
from engine.api import openapi
from engine.artifacts import artifacts_of
from engine.cli import main
from engine.comparing.examples import examples_apart
from engine.datasets.base import datasets
from engine.errors import TrainyardError
from engine.preparation.prepare import prepare
from engine.probes import read as read_probes
from engine.service import opened
from engine.serving.client import Predictor
from engine.serving.loaded import LoadedModels
from engine.serving.requests import Files, Instances
from engine.settings import settings
from engine.store import Store
from engine.targets import Ragged
from tests.pages.opening import choose_way, labels, open_page, press, words
from tests.plugged import plugged
from tests.test_api import serving
from tests.waiting import wait_until
from ui import lab
from ui.predictions import renderer_for

NAME = "tests.answers"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One home for the file: a run is trained and a predictor is started once."""
    path = tmp_path_factory.mktemp("answers") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRAINYARD_HOME", str(path))
        settings.cache_clear()
        yield path
        opened.close()
    settings.cache_clear()


@pytest.fixture(scope="module", autouse=True)
def _answers(home: Path) -> Iterator[None]:
    """The plug-in with the three tasks."""
    with pytest.MonkeyPatch.context() as patch, plugged(NAME, patch):
        yield


def train(task: str, *more: str) -> dict[str, Any]:
    """Return what `train --json` prints at the end."""
    trained: dict[str, Any] = json.loads(
        command("train", "--task", task, "--patience", "0", *more, "--json").splitlines()[-1]
    )
    return trained


@pytest.fixture(scope="module")
def writer(home: Path) -> dict[str, Any]:
    """A run that has learned to write letters backwards."""
    return train("reversal", "--epochs", "60", "--batch-size", "32", "--learning-rate", "0.01")


@pytest.fixture(scope="module")
def predictor(home: Path) -> Iterator[Predictor]:
    """The real thing."""
    made = Predictor()
    wait_until(made.ready, "a predictor that is ready")
    yield made
    made.close()


@pytest.fixture
def client(predictor: Predictor, monkeypatch: pytest.MonkeyPatch) -> Iterator[httpx.Client]:
    """A client of the API before a real predictor, which the pages ask, too."""
    openapi.document.cache_clear()
    monkeypatch.setattr(lab, "predictor", lambda: predictor)
    yield from serving(predictor)
    openapi.document.cache_clear()


def command(*words: str) -> str:
    """What a command of the terminal prints."""
    said = io.StringIO()
    with redirect_stdout(said):
        assert main([*words]) == 0, said.getvalue()
    return said.getvalue()


def described(client: httpx.Client, run: int, instance: Any, prediction: Any) -> dict[str, Any]:
    """What the API says of a model, whose schemas allow this instance and this prediction, and no text of its own kind."""
    found: dict[str, Any] = client.get(f"/models/{run}").json()
    jsonschema.validate(instance, found["inputs"]["instance"])
    jsonschema.validate(prediction, found["predictions"]["entry"])
    document = client.get("/openapi.json").json()
    (answer,) = [type_ for name, type_ in document["components"]["schemas"].items() if name == "PredictAnswer"]
    jsonschema.validate({"predictions": [prediction]}, answer | {"components": document["components"]})
    return found


def upload(run: int, name: str, data: bytes) -> AppTest:
    """The demo page after a picture was given."""
    at = open_page("demo", run=run)
    choose_way(at, "upload")
    at.file_uploader[0].upload(name, data, "image/png").run(timeout=60)
    assert not at.exception
    return at


def open_all_pages(task: str, dataset: str, run: int) -> None:
    """Every page that shows a dataset or a run."""
    at = open_page("train", task=task)
    at.session_state["terminal"] = True
    at.run()
    assert dataset in at.code[0].value
    at = open_page("data", dataset=dataset)
    for tab in ("Examples", "Health"):
        at.session_state["data.tab"] = tab
        at.run(timeout=120)
        assert not at.exception
    at = open_page("run", run=run)
    assert any(metric.label.startswith("Test") for metric in at.metric)
    at.session_state["worst_examples"] = True
    at.run()
    assert not at.exception
    look_at_probes(run)
    for name in ("runs", "leaderboard", "demo", "search"):
        assert not open_page(name, **({"task": task} if name == "search" else {})).exception
    open_page("compare", runs=run)


def look_at_probes(number: int) -> None:
    """Twelve examples were answered at epoch ends, and have their place on the page of the run."""
    found = read_probes(artifacts_of(number).probes)
    run = service.runs.get(local_owner(), number).parsed()
    assert found is not None
    assert found.epochs
    for values in found.epochs[-1].values:
        words_, _verdict = renderer_for(run.task.prediction).probe(values, "")
        assert words_


def test_two_runs_show_the_examples_that_they_answer_differently(writer: dict[str, Any], store: Store) -> None:
    good = writer["run"]
    bad = train("reversal", "--epochs", "1")["run"]
    apart = examples_apart(*(service.runs.get(local_owner(), number) for number in (good, bad)), most=12)
    assert apart.metric == "exact"
    assert len(apart.positions) == 12
    at = open_page("compare", runs=f"{good},{bad}")
    at.session_state["compare.apart"] = True
    at.run(timeout=60)
    assert not at.exception
    shown = " ".join(element.proto.body for element in at.get("html"))
    data = prepare(datasets["mirrored"]())
    target, answer = data.describe(apart.positions[0]), apart.answers[1][0].values["text"]
    assert f"true: {target} · run {good}: {target} · run {bad}: {answer}".strip() in shown


def test_a_text_is_written_letter_by_letter(
    client: httpx.Client, store: Store, writer: dict[str, Any], tmp_path: Path
) -> None:
    assert writer["metrics"]["test_exact"] > 0.9
    run = writer["run"]
    open_all_pages("reversal", "mirrored", run)

    kept = artifacts_of(run).read_outcomes("test")
    assert kept is not None
    assert isinstance(kept.outputs, Ragged)
    assert kept.scores["exact"].mean() == pytest.approx(writer["metrics"]["test_exact"])

    models = LoadedModels()
    body = json.dumps({"instances": ["abc", "ca"]}).encode()
    (answer,) = models.answer(run, [Instances(body)])
    assert [entry["text"] for entry in json.loads(answer)["predictions"]] == ["cba", "ac"]
    short = json.dumps({"instances": ["abc"], "parameters": {"most_letters": 1}}).encode()
    together = models.answer(run, [Instances(body), Instances(short), Files([("a.txt", b"abc")])])
    assert json.loads(together[1])["predictions"] == [{"text": "c"}]
    assert together[2][0].prediction.values == {"text": "cba"}
    (wrong,) = models.answer(run, [Instances(json.dumps({"instances": ["a"], "parameters": {"heat": 1}}).encode())])
    assert isinstance(wrong, TrainyardError)

    loaded = models.get(run)
    assert loaded.look is None  # a network of its own form: its inputs are not compared
    assert "unlike" not in artifacts_of(run).read_evaluation()["test"]
    task, info = loaded.signature.task, loaded.signature.info
    parts = [
        task.predictions(outputs, info)[0].values["text"]
        for outputs in task.stream(loaded.call, np.array(["abc"], object), info, task.answering())
    ]
    assert parts[:3] == ["c", "cb", "cba"]
    assert parts[-1] == "cba"
    write_over_http(client, run)
    write_on_the_page(run)
    file = tmp_path / "a.txt"
    file.write_text("abc")
    said = io.StringIO()
    with redirect_stdout(said), pytest.raises(SystemExit):
        main(["predict", str(run), "--help"])
    assert "--most-letters VALUE  Stop after so many letters. (1 to 10; default: 3)" in said.getvalue()
    assert command("predict", str(run), str(file)) == "a.txt: cba\n"
    shorter = command("predict", "--most-letters", "2", str(run), str(file), "--json")
    assert json.loads(shorter) == {"file": "a.txt", "text": "cb"}


def write_over_http(client: httpx.Client, run: int) -> None:
    """In one piece and in several, with settings and files; the API says what there is."""
    found = described(client, run, "abc", {"text": "cba"})
    assert found["predictions"]["kind"] == "written"
    assert found["predictions"]["streams"]
    assert [(s["name"], s["type"], s["minimum"], s["maximum"], s["default"]) for s in found["answering"]] == [
        ("most_letters", "integer", 1, 10, 3),
        ("pause", "number", 0, 2, 0.0),
    ]
    assert found["answering"][0]["help"] == "Stop after so many letters."
    assert "Writing" in client.get("/openapi.json").json()["components"]["schemas"]
    address, events = f"/models/{run}:predict", {"accept": "text/event-stream"}
    body = {"instances": ["abc"], "parameters": {"most_letters": 2}}
    assert client.post(address, json=body).json() == {"predictions": [{"text": "cb"}]}
    streamed = client.post(address, json={"instances": ["abc"]}, headers=events).text
    texts = [
        json.loads(line[6:])["predictions"][0]["text"] for line in streamed.splitlines() if line.startswith("data")
    ]
    assert texts == ["c", "cb", "cba", "cba", "cba"], "after each letter, after the end sign, and the whole"
    assert streamed.count("event: done") == 1
    form = client.post(
        address, files={"files": ("a", b"abc")}, data={"parameters": '{"most_letters": 1}'}, headers=events
    )
    assert form.text.splitlines()[0] == 'data: {"predictions": [{"file": "a", "text": "c"}]}'
    wrong = client.post(address, json=body | {"parameters": {"most_letters": 11}}, headers=events)
    assert wrong.status_code == 400
    assert "most_letters" in wrong.json()["error"]


def write_on_the_page(run: int) -> None:
    """As it comes, with settings, and the same once more; many at once obey the settings, too."""
    at = open_page("demo", run=run)
    at.text_area(key=f"text-{run}").input("abc").run(timeout=60)
    while "coming-stop" in [button.key for button in at.button]:
        at.run()
    assert not at.exception
    assert "cba" in [text.value for text in at.text]
    press(at, "Answer again")
    assert "cba" in [text.value for text in at.text]
    (slider,) = [slider for slider in at.slider if slider.label == "Most letters"]
    assert slider.help == "Stop after so many letters."
    slider.set_value(2).run(timeout=60)
    assert at.query_params["most_letters"] == "2"
    assert "cb" in [text.value for text in at.text]
    at.get_by_key(f"batch-files-{run}").upload("b.txt", b"cab", "text/plain")
    at.run()
    press(at, "Predict all")
    at.run()
    assert [list(table.value["prediction"]) for table in at.dataframe] == [["ba"]]


def test_the_page_stops_an_answer_and_keeps_what_has_come(
    client: httpx.Client, store: Store, writer: dict[str, Any]
) -> None:
    run = writer["run"]
    at = open_page("demo", run=run, pause=1.0)
    at.text_area(key=f"text-{run}").input("abc").run(timeout=60)
    press(at, "Stop")
    assert any("as far as the answer had come" in caption.value for caption in at.caption)
    assert "Answer again" in labels(at)
    at = open_page("demo", run=run, pause=9)
    assert any(": 9 cannot be used" in error.value for error in at.error)
    at.text_area(key=f"text-{run}").input("abc").run(timeout=60)
    assert "cba" not in [text.value for text in at.text], "the default would be another answer than the one asked for"
    press(at, "Use the defaults instead")
    assert "pause" not in at.query_params
    assert not at.error


def test_a_box_is_found_and_moves_with_its_picture(client: httpx.Client, store: Store, tmp_path: Path) -> None:
    trained = train(
        "one-box", "--epochs", "60", "--batch-size", "32", "--flip", "both", "--shift", "0.1", "--units", "128"
    )
    assert trained["metrics"]["test_iou"] > 0.4
    run = trained["run"]
    open_all_pages("one-box", "rectangles", run)
    at = open_page("data", dataset="rectangles")
    at.session_state["data.tab"] = "Examples"
    assert "Each rectangle in its box" in words(at.run(timeout=60)), "the browser draws a target as its kind says"
    data = prepare(datasets["rectangles"]())
    position = int(data.indices("test")[0])
    buffer = io.BytesIO()
    Image.fromarray(np.asarray(data.inputs[np.array([position])])[0, :, :, 0]).save(buffer, "PNG")
    (result,) = LoadedModels().predict(run, [("a.png", buffer.getvalue())])
    assert result.prediction is not None
    found = np.array([[result.prediction.values[side] for side in ("left", "top", "right", "bottom")]])
    assert data.task.example_scores(found, data.targets[[position]])["iou"][0] > 0.2
    pixels = np.asarray(data.inputs[np.array([position])])[0].tolist()
    over_http = client.post(f"/models/{run}:predict", json={"instances": [pixels]}).json()["predictions"][0]
    assert over_http == pytest.approx(result.prediction.values)
    said = described(client, run, pixels, over_http)
    assert (said["predictions"]["streams"], said["answering"]) == (False, [])
    events = client.post(
        f"/models/{run}:predict", json={"instances": [pixels]}, headers={"accept": "text/event-stream"}
    )
    assert [line.partition(":")[0] for line in events.text.splitlines()] == ["data", "", "event", "data", ""]
    (tmp_path / "a.png").write_bytes(buffer.getvalue())
    by_command = json.loads(command("predict", str(run), str(tmp_path / "a.png"), "--json"))
    assert by_command == pytest.approx({"file": "a.png", **over_http})
    shown = " ".join(f"{over_http[side]:.2f}" for side in ("left", "top", "right", "bottom"))
    assert shown in [text.value for text in upload(run, "a.png", buffer.getvalue()).text]


def test_a_moved_picture_and_its_box_stay_together(store: Store) -> None:
    import tensorflow as tf

    from engine.augmentations.image import ImageAugmentation

    data = prepare(datasets["rectangles"]())
    where = data.indices("train")[:64]
    pictures = tf.cast(np.asarray(data.inputs[where]), tf.float32)
    change = ImageAugmentation(flip="both", shift=0.1)
    moved, transforms = change.change(pictures, tf.constant([3, 0], tf.int64))
    again, _transforms = change.change(pictures, tf.constant([3, 0], tf.int64))
    np.testing.assert_array_equal(moved, again)
    boxes = data.task.move(data.targets[where], transforms, data.info).numpy()
    assert np.abs(boxes - data.targets[where]).max() > 0.2, "something has moved"
    side = pictures.shape[1]
    for picture, box in zip(moved.numpy(), boxes, strict=True):
        inside = np.zeros((side, side), bool)
        left, top, right, bottom = np.rint(box * side).astype(int)
        inside[top:bottom, left:right] = True
        assert picture[inside].mean() > 150 > picture[~inside].mean()


def test_a_picture_without_targets_is_copied(client: httpx.Client, store: Store, tmp_path: Path) -> None:
    trained = train("copying", "--epochs", "60", "--batch-size", "16", "--units", "128", "--learning-rate", "0.003")
    assert trained["metrics"]["test_distance"] < 0.03
    run = trained["run"]
    open_all_pages("copying", "stripes", run)
    pixels = [[[250.0] if x == 3 else [0.0] for x in range(8)] for _y in range(8)]
    (answer,) = LoadedModels().answer(run, [Instances(json.dumps({"instances": [pixels]}).encode())])
    (prediction,) = json.loads(answer)["predictions"]
    copied = np.frombuffer(base64.b64decode(prediction["pixels"]), np.uint8).reshape(8, 8)
    assert copied[:, 3].mean() > 2 * np.delete(copied, 3, axis=1).mean()
    over_http = client.post(f"/models/{run}:predict", json={"instances": [pixels]}).json()["predictions"][0]
    assert over_http == prediction
    assert described(client, run, pixels, prediction)["predictions"]["kind"] == "picture"
    buffer = io.BytesIO()
    Image.fromarray(np.array(pixels, np.uint8)[:, :, 0]).save(buffer, "PNG")
    (tmp_path / "a.png").write_bytes(buffer.getvalue())
    assert json.loads(command("predict", str(run), str(tmp_path / "a.png"), "--json"))["pixels"] == prediction["pixels"]
    assert not upload(run, "a.png", buffer.getvalue()).error
