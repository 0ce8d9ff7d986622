"""Texts in the browser: written, uploaded or taken from the test split, and never more than plain text."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from engine.datasets.base import Examples, UnsplitDataset, datasets
from engine.preparation.prepare import prepare
from engine.settings import settings
from engine.store import Store
from engine.tasks.base import Prediction
from tests import seeding
from tests.pages.opening import choose_way, open_page, press, words
from tests.pages.warm import Blind
from ui import lab
from ui.charts.pictures import dataset_look
from ui.modalities import modality
from ui.modalities.text import EXAMPLES, held_out_texts, lines_of

RUN = {"dataset": "movie-snippets", "model": "bag-of-embeddings", "epochs": 1}


@dataclass
class Answer:
    """Return what the predictor gives for one file."""

    name: str
    prediction: Prediction | None
    error: str = ""


class LengthPredictor(Blind):
    """Tells long texts from short ones: no network, but real bytes in and real predictions out."""

    def ready(self) -> bool:
        """Never: it draws no networks."""
        return False

    def predict(self, run_id: int, files: list[tuple[str, bytes]], parameters: object = None) -> list[Answer]:
        """Answer for each file."""
        return [self._one(name, data) for name, data in files]

    def _one(self, name: str, data: bytes) -> Answer:
        try:
            label = "long" if len(data.decode()) > 20 else "short"
        except UnicodeDecodeError:
            return Answer(name, None, f"{name!r} is not text in UTF-8.")
        values = {"label": label, "probability": 1.0, "probabilities": {"long": 1.0, "short": 0.0}}
        return Answer(name, Prediction("classes", values))


@pytest.fixture(autouse=True)
def _predictor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab, "predictor", LengthPredictor)


def written(store: Store, text: str, *, lines: bool = False) -> AppTest:
    """The demo after a text was written."""
    at = open_page("demo", run=seeding.completed(store, **RUN).id)
    at.text_area[0].set_value(text)
    at.toggle(key="text_lines").set_value(lines)
    at.run()
    assert not at.exception, at.exception[0].message
    return at


def test_a_text_is_predicted_as_it_is_committed(store: Store) -> None:
    assert written(store, "A film that one likes to see again.").metric[0].value == "long"
    assert written(store, "春眠不覺曉 🙂").metric[0].value == "short"


def test_nothing_is_predicted_of_an_empty_box(store: Store) -> None:
    assert not written(store, "  \n ").metric
    assert not written(store, "  \n ", lines=True).metric


def test_each_line_may_be_a_text(store: Store) -> None:
    at = written(store, "short\n\nand this one is a longer line\n", lines=True)
    table = at.dataframe[0].value
    assert list(table["label"]) == ["short", "long"]
    assert list(table["text"]) == ["short", "and this one is a longer line"]
    assert list(table["name"]) == ["line 1", "line 3"]


def test_more_lines_than_are_taken_at_once_are_told(store: Store) -> None:
    most = settings().max_predictions
    at = written(store, "one\n" * (most + 5), lines=True)
    assert f"{most + 5} texts were given" in at.warning[0].value
    assert len(at.dataframe[0].value) == most


def test_files_are_taken_and_a_broken_one_is_a_sentence(store: Store) -> None:
    at = open_page("demo", run=seeding.completed(store, **RUN).id)
    choose_way(at, "upload")
    for name, data in (("a.txt", "naïve".encode()), ("b.txt", b"\xff\xfe")):
        at.file_uploader[0].upload(name, data, "text/plain")
    at.run()
    assert not at.exception, at.exception[0].message
    assert at.dataframe[0].value["label"][0] == "short"
    assert "'b.txt' is not text in UTF-8." in list(at.dataframe[0].value["error"])


def test_an_example_of_the_test_split_is_one_click_away(store: Store) -> None:
    at = open_page("demo", run=seeding.completed(store, **RUN).id)
    choose_way(at, "example")
    press(at, "positive")
    assert at.metric[0].value in ("long", "short")


def test_examples_are_of_the_test_split_and_of_every_class(home: Path) -> None:
    dataset = datasets["movie-snippets"]()
    prepared = prepare(dataset)
    examples = held_out_texts(dataset)
    tested = set(prepared.inputs[prepared.indices("test")])
    assert len(examples) == EXAMPLES
    assert {label for label, _text in examples} == {"negative", "positive"}
    assert all(text in tested for _label, text in examples)


def test_lines_keep_their_numbers() -> None:
    assert lines_of("a\n\n b\r\n") == [("line 1", b"a"), ("line 3", b" b")]


def test_the_form_shows_texts_of_each_class_and_how_many_there_are(store: Store) -> None:
    at = open_page("train", dataset="phrase-languages")
    assert "14,252 examples in 18 classes" in words(at)
    shown = " ".join(str(element.proto.body) for element in at.get("html"))
    assert "Vietnamese" in shown
    assert any("\u4e00" <= letter <= "\u9fff" for letter in shown)


class Scripts(UnsplitDataset):
    """Texts that would be HTML."""

    tasks: ClassVar[tuple[str, ...]] = ("text-classification",)

    def fingerprint(self) -> str:
        """Always the same."""
        return "scripts"

    def load(self) -> Examples:
        """Ten of each class."""
        texts = np.array(['<script>alert("1")</script>', '" onmouseover="alert(2)'] * 10, object)
        return Examples(texts, np.arange(20) % 2, ("<b>", "no"))


def test_a_text_can_not_become_html(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ui.modalities import text

    prepared = prepare(Scripts())
    drawn: list[str] = []
    monkeypatch.setattr(text.st, "html", drawn.append)
    text.Texts().examples(prepared, [0, 1], ["<i>true</i>", "false"])
    drawn.append(dataset_look(prepared, "light", lambda texts: text._lines(texts, 2)))
    for html in drawn:
        assert "<script" not in html
        assert '" onmouseover' not in html
        assert "<i>" not in html
        assert "<b>" not in html
        assert "alert" in html


def test_the_start_of_a_long_text_stands_for_it_in_tables() -> None:
    columns, how = modality("text").cells(None, [("a", b"word " * 500), ("b", b"\xff")])
    assert columns["text"][0].endswith(" …")
    assert len(columns["text"][0]) < 310
    assert set(how) == {"text"}
