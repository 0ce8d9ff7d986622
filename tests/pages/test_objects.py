"""Boxes on pages: drawn over pictures, switched by class, and downloaded."""

import base64
import json
from typing import Any

import numpy as np
from streamlit.testing.v1 import AppTest

from engine.serving.answers import PredictResult
from engine.tasks.base import Prediction
from engine.tasks.contents import FoundObjects
from ui.charts.boxes import Box, answer_boxes, colour, dash, scene
from ui.predictions import renderer_for

SIDES = ("left", "top", "right", "bottom")


def one(label: str, index: int, *sides: float) -> dict[str, Any]:
    """An object as an answer has it."""
    return {"label": label, "index": index, "probability": 0.9} | dict(zip(SIDES, sides, strict=True))


VALUES: dict[str, Any] = {
    "objects": [one("<b>cat</b>", 0, 4, 4, 20, 20), one("dog", 1, 30, 8, 60, 40), one("dog", 1, 1, 50, 20, 63)],
    "width": 64,
    "height": 64,
}


def svg_of(url: str) -> str:
    """The text of a picture."""
    head, _, data = url.partition(",")
    assert head == "data:image/svg+xml;base64"
    return base64.b64decode(data).decode()


def draw(values: dict[str, object]) -> None:
    """The answer on the demo page."""
    from ui.predictions import renderer_for

    renderer_for("objects").draw(values, "answer")


def evaluate(evaluated: dict[str, object]) -> None:
    """The figures of an evaluation."""
    from types import SimpleNamespace

    from ui.predictions import renderer_for

    renderer_for("objects").evaluate(SimpleNamespace(id=1), "test", evaluated)


def test_names_are_written_as_they_are_and_boxes_lie_where_they_are_told() -> None:
    FoundObjects.model_validate(VALUES)
    text = svg_of(scene(np.zeros((64, 64, 3), np.uint8), answer_boxes(VALUES, {"dog": "狗"}, scale=2.0)))
    assert "<b>" not in text
    assert "&lt;b&gt;cat" in text
    assert "狗 90%" in text
    assert 'x="60.00" y="16.00" width="60.00" height="64.00"' in text


def test_eighteen_classes_look_different() -> None:
    assert len({(colour(index), dash(index)) for index in range(18)}) == 18


def test_true_boxes_stand_white_beside_the_answers() -> None:
    text = svg_of(scene(np.zeros((8, 8, 3), np.uint8), [Box(1, 1, 5, 5, "cat", 0, true=True)]))
    assert 'stroke="#fff"' in text
    assert "cat" not in text


def test_boxes_are_switched_by_class(home: object) -> None:
    at = AppTest.from_function(draw, kwargs={"values": VALUES}, default_timeout=120).run()
    assert not at.exception

    def shown() -> str:
        html = next(element for element in at.main if element.type == "html")
        return svg_of(html.proto.body.partition('src="')[2].partition('"')[0])

    assert shown().count("<text") == 3
    at.get("button_group")[0].set_value(["dog"]).run()
    assert not at.exception
    assert shown().count("<text") == 2


def test_nothing_found_is_said(home: object) -> None:
    at = AppTest.from_function(draw, kwargs={"values": VALUES | {"objects": []}}, default_timeout=120).run()
    assert not at.exception
    assert "lower threshold" in at.info[0].value


def test_an_evaluation_is_drawn(home: object) -> None:
    from engine.detection.evaluation import evaluate_boxes

    true = [np.array([[4, 4, 20, 20, 0], [30, 8, 60, 40, 1]], np.float32)]
    told = [np.concatenate([true[0], [[0.9], [0.8]]], axis=1)]
    evaluated = json.loads(json.dumps(evaluate_boxes(told, true, ["cat", "dog"], 0.3)))
    at = AppTest.from_function(evaluate, kwargs={"evaluated": evaluated}, default_timeout=120).run()
    assert not at.exception
    assert [element.value for element in at.subheader] == [
        "Precision and recall of each class",
        "What was taken for what",
    ]


def test_a_batch_is_one_file_of_coco() -> None:
    renderer = renderer_for("objects")
    results = [
        PredictResult("a.png", Prediction("objects", VALUES), ""),
        PredictResult("broken.png", None, "It is broken."),
        PredictResult("b.png", Prediction("objects", VALUES | {"objects": []}), ""),
    ]
    [file] = renderer.downloads(results)
    found = json.loads(file.data)
    assert [image["file_name"] for image in found["images"]] == ["a.png", "b.png"]
    assert found["annotations"][1]["bbox"] == [30, 8, 30, 32]
    assert {one["name"] for one in found["categories"]} == {"<b>cat</b>", "dog"}
    assert renderer.row(VALUES) == {"objects": 3, "found": "<b>cat</b>, 2 × dog"}


def test_a_probe_shows_its_boxes_in_its_picture() -> None:
    renderer = renderer_for("objects")
    assert renderer.probe(VALUES, "<b>cat</b>, 2 × dog") == ("<b>cat</b>, 2 × dog", "right")
    assert renderer.probe(VALUES, "dog")[1] == "wrong"
    assert svg_of(renderer.probe_picture(VALUES, "data:image/png;base64,AAAA")).count("<text") == 3
