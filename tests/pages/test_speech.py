"""Speech on the pages: a transcript along its sound, its differences marked, and a text that was said, to be played."""

import base64
from types import SimpleNamespace
from typing import Any

import numpy as np
from streamlit.testing.v1 import AppTest

from engine.speech.vocoder import encoded
from ui.predictions import renderer_for
from ui.predictions.transcript import timeline
from ui.predictions.transcript_edits import marked, ordered
from ui.widgets.tiles import Tile, tiles_data

WORDS = [
    {"text": "two", "start": 0.2, "end": 0.28, "probability": 0.98},
    {"text": "<b>", "start": 0.95, "end": 0.99, "probability": 0.4},
]


def transcript() -> None:
    """A page with the transcript of a second of sound, and with that of silence."""
    from types import SimpleNamespace

    import numpy as np

    from ui.predictions import renderer_for

    found = renderer_for("transcript")
    tried = SimpleNamespace(opened=lambda files, pixels: [SimpleNamespace(samples=np.arange(16_000, dtype=np.int16))])
    found.given = (tried, ("a.wav", b"a sound that another process opens"))  # type: ignore[assignment]
    words = [{"text": "<i>two", "start": 0.2, "end": 0.28, "probability": 0.98}]
    found.draw({"text": "<i>two", "words": words}, "answer")
    found.draw({"text": "", "words": []}, "nothing")


def test_a_transcript_is_plain_text_along_its_sound_and_silence_is_a_sentence() -> None:
    at = AppTest.from_function(transcript, default_timeout=60).run()
    assert not at.exception
    shown, along = (part.proto.body for part in at.get("html"))
    assert "&lt;i&gt;two" in shown
    assert '<img src="data:' in along
    assert "&lt;i&gt;two" in along
    assert [note.value for note in at.info] == ["Nothing was understood. Is anything to be heard?"]


def test_words_stand_at_their_times() -> None:
    drawn = timeline(WORDS, np.ones(16_000, np.int16))
    assert "left:20.00%" in drawn
    assert "right:5.00%" in drawn  # the last ones stay inside
    assert "&lt;b&gt;" in drawn
    assert "<b>" not in drawn
    assert "<img" not in timeline(WORDS, None)
    assert timeline([], np.zeros(0, np.int16))


def test_differences_are_marked_and_nothing_becomes_html() -> None:
    assert marked("two four", "two four") == "two four"
    left_out = marked("two four six", "two six")
    assert left_out.startswith("two <span")
    assert "line-through" in left_out
    assert marked("<i>", "<u>").count("&lt;") == 1
    assert "<i>" not in marked("<i> x", "<u> x")


def test_the_worst_and_the_best_come_first() -> None:
    outcomes: Any = SimpleNamespace(scores={"token_errors": np.array([0.5, 0.0, 1.0])})
    assert ordered(outcomes, worst=True).tolist() == [2, 0, 1]
    assert ordered(outcomes, worst=False).tolist() == [1, 0, 2]


def spoken() -> None:
    """A page with a sound, and with nothing to say."""
    import numpy as np

    from engine.speech.vocoder import encoded
    from ui.predictions import renderer_for

    found = renderer_for("spoken")
    found.draw(
        {"seconds": 0.5, "mp3": encoded(np.arange(8_000, dtype=np.int16)), "bands": ["0" * 32, "9" * 32]}, "answer"
    )
    found.draw({"seconds": 0.0, "mp3": "", "bands": []}, "nothing")


def test_what_is_said_can_be_played_and_nothing_is_a_sentence() -> None:
    at = AppTest.from_function(spoken, default_timeout=60).run()
    assert not at.exception
    assert len(at.get("audio")) == 1
    assert [note.value for note in at.info] == ["There is nothing to say. Type a text."]


def test_probes_can_be_heard() -> None:
    sound = renderer_for("spoken").probe_sound({"mp3": encoded(np.arange(8_000, dtype=np.int16))})
    kind, _, data = sound.partition(",")
    assert kind == "data:audio/mpeg;base64"
    assert base64.b64decode(data)
    assert renderer_for("spoken").probe_sound({"mp3": ""}) == ""
    assert tiles_data([Tile("", "text two", "0.5 s", sound=sound)], "")["tiles"][0]["sound"] == sound


def test_a_probe_is_right_where_all_words_are() -> None:
    found = renderer_for("transcript")
    assert found.probe({"text": "two"}, "two") == ("two", "right")
    assert found.probe({"text": ""}, "two") == ("(nothing)", "wrong")
