"""Which examples stand behind a figure, and how they are shown: whatever is in them, as data."""

import io
import json
import wave
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from engine.artifacts import Outcomes
from engine.errors import TrainyardError
from engine.tasks.base import tasks
from tests.prepared import InMemory, images, sounds, tables, texts
from ui import examples
from ui.examples import draw_examples, modality, rows_as_table, shortened, spectrogram, wav
from ui.mistakes import cell, largest_errors, surest_mistakes

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


@pytest.mark.parametrize("task", sorted(tasks))
def test_every_task_has_a_renderer_of_examples(task: str) -> None:
    assert tasks[task].modality in examples._MODALITIES


def drawn(data: InMemory, kind: str, monkeypatch: pytest.MonkeyPatch, captions: list[str]) -> AppTest:
    """The examples at the first positions of `data` as a page shows them."""
    monkeypatch.setattr(examples, "_modality_of", lambda prepared: kind)

    def page(data, captions) -> None:
        import numpy as np

        from ui.examples import draw_examples

        draw_examples(data, np.arange(len(captions)), captions)

    at = AppTest.from_function(page, args=(data, captions)).run(timeout=30)
    assert not at.exception, at.exception[0].message
    return at


def html(at: AppTest) -> str:
    """All HTML of the page."""
    return "".join(str(element.proto.body) for element in at.get("html"))


@pytest.mark.parametrize("side", [8, 300])
def test_pictures_are_shown_with_their_captions_as_text(home: Path, monkeypatch: pytest.MonkeyPatch, side: int) -> None:
    body = html(drawn(images(home, 5, side), "image", monkeypatch, [NASTY, "two"]))
    assert body.count("<img") == 2
    assert NASTY not in body
    assert "&lt;img src=x" in body


def test_texts_are_shown_as_text(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = texts(home)
    data.inputs[0] = NASTY + "\n很好"
    body = html(drawn(data, "text", monkeypatch, ["one", "two"]))
    assert NASTY not in body
    assert "&lt;img src=x onerror=alert(1)&gt;\n很好" in body


def test_a_long_text_is_shortened() -> None:
    assert shortened("a" * 10_000).endswith("a …")
    assert len(shortened("a" * 10_000)) < 700
    assert shortened("short") == "short"


def test_sounds_have_a_player_and_a_spectrogram_each(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at = drawn(sounds(home), "audio", monkeypatch, [NASTY, "two", "three"])
    assert html(at).count("<img") == len(at.get("audio")) == 3
    assert NASTY not in html(at)
    assert [element.value for element in at.get("text")] == [NASTY, "two", "three"]


def test_a_sound_becomes_a_wav_file_and_back() -> None:
    samples = np.array([0, 1, -1, 32_767, -32_768], np.int16)
    with wave.open(io.BytesIO(wav(samples))) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (16_000, 1, 2)
        np.testing.assert_array_equal(np.frombuffer(file.readframes(9), "<i2"), samples)


def test_a_spectrogram_is_bright_where_it_sounds_and_high_tones_are_above() -> None:
    time = np.arange(16_000) / 16_000
    low, high = (
        np.asarray(spectrogram((20_000 * np.sin(2 * np.pi * f * time)).astype(np.int16))) for f in (200, 6_000)
    )
    assert low.mean(axis=1).argmax() > high.mean(axis=1).argmax()
    assert np.asarray(spectrogram(np.zeros(400, np.int16))).max() == 0
    assert np.asarray(spectrogram(np.zeros(1_000_000, np.int16))).shape[1] <= 200


def test_rows_are_a_table_with_their_captions(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = drawn(tables(home), "table", monkeypatch, ["one", "two"]).dataframe[0].value
    assert list(shown.index) == ["one", "two"]
    assert list(shown.columns) == ["1", "2", "3", "4"]


def test_columns_have_their_names_where_the_dataset_tells_them(home: Path) -> None:
    rows = tables(home).inputs[:3]
    table = rows_as_table(rows, ["age", "height", "colour", "shape"])
    assert list(table.columns) == ["age", "height", "colour", "shape"]
    assert pd.api.types.is_float_dtype(table["age"])
    assert json.loads(table["colour"].to_json(orient="values")) == list(rows["categories"][:, 0])


def test_an_unknown_modality_is_an_error_with_a_sentence(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examples, "_modality_of", lambda prepared: "smell")
    with pytest.raises(TrainyardError, match="modality 'smell'"):
        draw_examples(images(home), [0], ["one"])


def test_a_new_modality_is_one_decorated_function(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examples, "_MODALITIES", {})
    monkeypatch.setattr(examples, "_modality_of", lambda prepared: "smell")
    seen: list[list[int]] = []
    modality("smell")(lambda prepared, positions, captions: seen.append(positions.tolist()))
    draw_examples(images(home), [3, 1], ["one", "two"])
    assert seen == [[3, 1]]
