"""A text made of a text on the pages: tokens, attention and what was not read, as plain text; and scores by length."""

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

END = "\N{BLACK SQUARE FOR STOP}"
VALUES: dict[str, Any] = {
    "text": "<b>春",
    "tokens": [
        {"text": "<b>", "probability": 0.5, "others": {'"x': 0.25, END: 0.1}},
        {"text": "春", "probability": 0.9, "others": {}},
    ],
    "source": ["<i>$x$", END],
    "attention": [[0.9, 0.1], [0.2, 0.8]],
    "left_out": 3,
}


def draw(values: dict) -> None:  # type: ignore[type-arg]  # the page is this source alone
    """A page with one prediction."""
    from ui.predictions import renderer_for

    renderer_for("rewritten").draw(values, "answer")


def evaluate(evaluated: dict) -> None:  # type: ignore[type-arg]  # as above
    """A page with the figures of an evaluation."""
    from typing import Any, cast

    from engine.tasks.base import tasks
    from ui.predictions import renderer_for

    assert tasks["text2text-generation"].metrics  # as for any run, its task is known
    renderer_for("rewritten").evaluate(cast(Any, None), "test", evaluated)


def many(kind: str) -> None:
    """A page with the answers to several texts."""
    from types import SimpleNamespace

    from engine.tasks.base import Prediction
    from ui.demo.results import draw_many
    from ui.modalities.text import Texts
    from ui.predictions import renderer_for

    answers = [
        SimpleNamespace(name=name, prediction=Prediction(kind, {"text": name.upper(), "tokens": []}), error="")
        for name in ("a", "b")
    ]
    draw_many(renderer_for(kind), answers, Texts().cells(None, [("a", b"x"), ("b", b"y")]), kind)


@pytest.mark.parametrize("kind", ["generated", "rewritten"])
def test_what_was_written_stands_beside_the_texts_that_were_given(kind: str) -> None:
    at = AppTest.from_function(many, kwargs={"kind": kind}, default_timeout=60).run()
    assert not at.exception
    assert at.dataframe[0].value.to_numpy().tolist() == [["a", "A", "x"], ["b", "B", "y"]]


def test_tokens_are_shown_as_they_are_and_what_was_not_read_is_said() -> None:
    at = AppTest.from_function(draw, kwargs={"values": VALUES}, default_timeout=60).run()
    assert not at.exception
    (text,) = (element.proto.body for element in at.get("html"))
    assert "&lt;b&gt;</span>" in text
    assert "<b>" not in text
    assert "3 tokens at its end were not read" in at.warning[0].value
    assert [expander.label for expander in at.expander] == ["Where it looked"]


def test_an_empty_text_is_said() -> None:
    values = {"text": "", "tokens": [], "source": [END], "attention": [], "left_out": 0}
    at = AppTest.from_function(draw, kwargs={"values": values}, default_timeout=60).run()
    assert not at.exception
    assert "wrote nothing" in at.caption[0].value


def test_scores_of_short_and_of_long_texts_stand_below_each_other() -> None:
    rows = [{"least": 1, "most": 1, "texts": 7, "score": 0.5}, {"least": 2, "most": 9, "texts": 8, "score": 0.25}]
    evaluated = {"left_out": 1, "by_length": {"metric": "character_errors", "rows": rows}}
    at = AppTest.from_function(evaluate, kwargs={"evaluated": evaluated}, default_timeout=60).run()
    assert not at.exception
    assert at.dataframe[0].value.to_numpy().tolist() == [["1", 7, "50.0%"], ["2-9", 8, "25.0%"]]
    assert "1 text of this split is longer" in at.caption[0].value
