"""What is said beside an answer: its input is unlike the data, a number has an interval."""

import pytest
from streamlit.testing.v1 import AppTest

from engine.serving.answers import PredictResult
from engine.tasks.base import Prediction
from ui.demo.results import result_table
from ui.predictions import renderer_for

LABEL = {"label": "cat", "probability": 0.9, "probabilities": {"cat": 0.9, "dog": 0.1}}


def draw(values: dict) -> None:
    from ui.demo.remarks import draw_remarks

    draw_remarks(values)


@pytest.mark.parametrize(
    ("as_far", "words"),
    [
        (0, "none of 1,000 validation examples lies this far out"),
        (1, "only 1 of 1,000 validation examples lies this far out"),
        (12, "only 12 of 1,000 validation examples lie this far out"),
    ],
)
def test_an_input_unlike_the_data_is_told_with_the_number_of_examples(as_far: int, words: str) -> None:
    at = AppTest.from_function(draw, args=({"unlike": {"as_far": as_far, "of": 1000}},)).run()
    assert [warning.value for warning in at.warning] == [
        f"This input is unlike the training data: {words}. The answer may be meaningless."
    ]
    assert not AppTest.from_function(draw, args=(LABEL,)).run().warning


def test_a_batch_has_a_column_where_an_input_is_unlike_the_data() -> None:
    unlike = {"unlike": {"as_far": 2, "of": 1000}}
    results = [
        PredictResult("a", Prediction("classes", LABEL)),
        PredictResult("b", Prediction("classes", LABEL | unlike)),
        PredictResult("c", None, "broken"),
    ]
    table = result_table(renderer_for("classes"), results)
    assert table["unlike"].tolist() == ["", "2 of 1,000", ""]
    assert "unknown" not in table
    assert "unlike" not in result_table(renderer_for("classes"), results[:1])


def test_a_number_is_told_with_its_interval() -> None:
    values = {"value": 82_000.0, "target": "price", "interval": [70_000.0, 94_000.0], "level": 0.9}
    assert renderer_for("value").text(values) == "82,000 (90%: 70,000 to 94,000)"
    assert Prediction("value", values).describe() == "82000.0 price (90%: 70000 to 94000)"
    table = result_table(renderer_for("value"), [PredictResult("a", Prediction("value", values))])
    assert (table["lower"][0], table["upper"][0]) == (70_000, 94_000)
    unlike = Prediction("classes", LABEL | {"unlike": {"as_far": 0, "of": 1000}})
    assert unlike.describe().endswith("(unlike the training data: 0 of 1,000 validation examples lie as far out)")
