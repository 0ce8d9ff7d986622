"""Answers that are neither a class nor a number go the whole way: a text that streams, a box, a picture without targets."""

import base64
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engine.artifacts import artifacts_of
from engine.datasets.base import datasets
from engine.errors import TrainyardError
from engine.preparation.prepare import prepare
from engine.serving.loaded import LoadedModels
from engine.serving.requests import Files, Instances
from engine.store import Store
from engine.targets import Ragged
from tests.pages.opening import open_page, words
from tests.plugged import plugged

NAME = "tests.answers"


@pytest.fixture
def answers(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The plug-in with the three tasks."""
    with plugged(NAME, monkeypatch):
        yield


def train(task: str, *more: str) -> dict[str, Any]:
    """Return what `train --json` prints at the end."""
    command = [sys.executable, "-m", "engine", "train", "--task", task, "--patience", "0", *more, "--json"]
    ended = subprocess.run(command, capture_output=True, text=True, env=os.environ, timeout=250, check=False)
    assert ended.returncode == 0, ended.stderr
    trained: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return trained


def open_all_pages(task: str, dataset: str, run: int) -> None:
    """Every page that shows a dataset or a run."""
    assert dataset in words(open_page("train", task=task))
    at = open_page("data", dataset=dataset)
    for tab in ("Examples", "Health"):
        at.session_state["data.tab"] = tab
        at.run(timeout=60)
        assert not at.exception
    at = open_page("run", run=run)
    assert any(metric.label.startswith("Test") for metric in at.metric)
    at.session_state["worst_examples"] = True
    at.run()
    assert not at.exception
    for name in ("runs", "leaderboard", "demo", "search"):
        assert not open_page(name, **({"task": task} if name == "search" else {})).exception
    open_page("compare", runs=run)


def test_a_text_is_written_letter_by_letter(answers: None, store: Store) -> None:
    trained = train("reversal", "--epochs", "60", "--batch-size", "32", "--learning-rate", "0.01")
    assert trained["metrics"]["test_exact"] > 0.9
    run = trained["run"]
    open_all_pages("reversal", "mirrored", run)

    kept = artifacts_of(run).read_outcomes("test")
    assert kept is not None
    assert isinstance(kept.outputs, Ragged)
    assert kept.scores["exact"].mean() == pytest.approx(trained["metrics"]["test_exact"])

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
    task, info = loaded.signature.task, loaded.signature.info
    parts = [
        task.predictions(outputs, info)[0].values["text"]
        for outputs in task.stream(loaded.call, np.array(["abc"], object), info, task.answering())
    ]
    assert parts[:3] == ["c", "cb", "cba"]
    assert parts[-1] == "cba"


def test_a_box_is_found_and_moves_with_its_picture(answers: None, store: Store) -> None:
    trained = train(
        "one-box", "--epochs", "60", "--batch-size", "32", "--flip", "both", "--shift", "0.1", "--units", "128"
    )
    assert trained["metrics"]["test_iou"] > 0.4
    run = trained["run"]
    open_all_pages("one-box", "rectangles", run)
    data = prepare(datasets["rectangles"]())
    position = int(data.indices("test")[0])
    buffer = io.BytesIO()
    Image.fromarray(np.asarray(data.inputs[np.array([position])])[0, :, :, 0]).save(buffer, "PNG")
    (result,) = LoadedModels().predict(run, [("a.png", buffer.getvalue())])
    assert result.prediction is not None
    found = np.array([[result.prediction.values[side] for side in ("left", "top", "right", "bottom")]])
    assert data.task.example_scores(found, data.targets[[position]])["iou"][0] > 0.2


def test_a_moved_picture_and_its_box_stay_together(answers: None, store: Store) -> None:
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


def test_a_picture_without_targets_is_copied(answers: None, store: Store) -> None:
    trained = train("copying", "--epochs", "60", "--batch-size", "16", "--units", "128", "--learning-rate", "0.003")
    assert trained["metrics"]["test_distance"] < 0.03
    run = trained["run"]
    open_all_pages("copying", "stripes", run)
    pixels = [[[250.0] if x == 3 else [0.0] for x in range(8)] for _y in range(8)]
    (answer,) = LoadedModels().answer(run, [Instances(json.dumps({"instances": [pixels]}).encode())])
    (prediction,) = json.loads(answer)["predictions"]
    copied = np.frombuffer(base64.b64decode(prediction["pixels"]), np.uint8).reshape(8, 8)
    assert copied[:, 3].mean() > 2 * np.delete(copied, 3, axis=1).mean()
