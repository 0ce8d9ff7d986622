"""The examples behind a figure, and how they are shown: whatever they contain, as data."""

from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from engine.artifacts import Outcomes
from tests.prepared import InMemory, images
from ui.predictions.mistakes import cell, largest_errors, surest_mistakes

NASTY = "<img src=x onerror=alert(1)>"


def outcomes() -> Outcomes:
    """Five examples of which three are mistaken."""
    outputs = np.array([[0.9, 0.1], [0.2, 0.8], [0.4, 0.6], [0.3, 0.7], [0.55, 0.45]], np.float32)
    return Outcomes(np.arange(10, 15), outputs, np.array([0, 0, 0, 1, 1]))


def test_the_examples_of_a_cell_come_surest_first() -> None:
    assert cell(outcomes(), 0, 1).tolist() == [1, 2]
    assert cell(outcomes(), 0, 0).tolist() == [0]
    assert cell(outcomes(), 1, 0).tolist() == [4]


def test_mistakes_come_surest_first_and_are_counted() -> None:
    assert surest_mistakes(outcomes()).tolist() == [1, 2, 4]
    assert surest_mistakes(outcomes(), most=1).tolist() == [1]
    right = Outcomes(np.arange(2), np.eye(2, dtype=np.float32), np.arange(2))
    assert surest_mistakes(right).tolist() == []


def test_values_come_worst_missed_first() -> None:
    found = Outcomes(np.arange(3), np.array([[1.0], [9.0], [3.5]], np.float32), np.array([1.5, 5.0, 3.0]))
    assert largest_errors(found, most=2).tolist() == [1, 0]


def drawn(data: InMemory, kind: str, captions: list[str]) -> AppTest:
    """The examples at the first positions of `data` as a page shows them."""

    def page(data, kind, captions) -> None:
        import numpy as np

        from ui.modalities import modality

        modality(kind).examples(data, np.arange(len(captions)), captions)

    at = AppTest.from_function(page, args=(data, kind, captions)).run(timeout=120)
    assert not at.exception, at.exception[0].message
    return at


def html(at: AppTest) -> str:
    """All HTML of the page."""
    return "".join(str(element.proto.body) for element in at.get("html"))


@pytest.mark.parametrize("side", [8, 300])
def test_pictures_are_shown_with_their_captions_as_text(home: Path, side: int) -> None:
    body = html(drawn(images(home, 5, side), "image", [NASTY, "two"]))
    assert body.count("<img") == 2
    assert NASTY not in body
    assert "&lt;img src=x" in body
