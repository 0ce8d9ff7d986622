"""A generated text on the pages: its tokens as plain text, and what else was likely."""

from typing import Any

from streamlit.testing.v1 import AppTest

VALUES: dict[str, Any] = {
    "text": "<b>春\n",
    "tokens": [
        {"text": "<b>", "probability": 0.5, "others": {'"x': 0.25, "⏹": 0.1}},
        {"text": "春", "probability": 0.9, "others": {}},
        {"text": "\n", "probability": 0.0, "others": {}},
    ],
}


def draw(values: dict) -> None:  # type: ignore[type-arg]  # the page is this source alone
    """A page with one prediction."""
    from ui.predictions import renderer_for

    renderer_for("generated").draw(values, "answer")


def test_tokens_are_shown_as_they_are_with_their_alternatives() -> None:
    at = AppTest.from_function(draw, kwargs={"values": VALUES}, default_timeout=60).run()
    assert not at.exception
    (text,) = (element.proto.body for element in at.get("html"))
    assert "&lt;b&gt;</span>" in text
    assert "<b>" not in text
    assert 'title="&lt;b&gt;  50.0%\n&quot;x  25.0%\nthe end  10.0%"' in text


def test_an_empty_text_is_said() -> None:
    at = AppTest.from_function(draw, kwargs={"values": {"text": "", "tokens": []}}, default_timeout=60).run()
    assert "ended the text at once" in at.caption[0].value
