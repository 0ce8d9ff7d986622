"""What was said: the text, its words along the sound, and where it differs from the truth."""

from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np
import streamlit as st
from PIL import Image

from engine.data_info import SAMPLE_RATE_HZ
from engine.runs import Run
from ui.charts.thumbnails import data_url, png
from ui.language import _
from ui.modalities import File
from ui.modalities.base import Tried
from ui.modalities.previews import previews
from ui.plain import plain_text
from ui.predictions.base import Renderer, Values, register
from ui.predictions.transcript_edits import draw_transcripts, tables_of
from ui.widgets.tiles import Verdict

_BARS, _HIGH = 240, 40
_BLUE = (76, 120, 168, 255)
_LEAST_SECONDS = 0.5
_WORDS_HIGH = 22  # pixels of a row of words
_ROWS = 3  # in which words lie that are close to each other
_SURE, _SHADE = 0.1, 0.45


class Transcript(Renderer):
    """A text that was heard."""

    def text(self, values: Values) -> str:
        """The text."""
        return str(values["text"])

    def draw(self, values: Values, key: str) -> None:
        """The text large, and its words along the sound."""
        if not values["text"]:
            st.info(_("Nothing was understood. Is anything to be heard?"), icon=":material/hearing_disabled:")
            return
        st.html(
            f'<p dir="auto" style="font-size:1.6rem;line-height:1.5;margin:0;overflow-wrap:anywhere">'
            f"{escape(plain_text(values['text'], 2_000))}</p>"
        )
        st.html(timeline(values["words"], _samples(self.given)))
        st.caption(
            _("Each word stands where the network heard it. The stronger its ground, the surer the network was.")
        )

    def probe(self, values: Values, truth: str) -> tuple[str, Verdict]:
        """The text, and whether it is what was said."""
        return self.text(values) or _("(nothing)"), "right" if self.text(values) == truth else "wrong"

    def row(self, values: Values) -> dict[str, Any]:
        """The text."""
        return {"text": self.text(values)}

    def columns(self) -> dict[str, Any]:
        """A wide column."""
        words = _("What the network heard.")
        return {"text": st.column_config.TextColumn(_("Transcript"), help=words, width="large")}

    def evaluate(self, run: Run, split: str, evaluated: Values) -> None:
        """Errors by length, and what was taken for what."""
        tables_of(evaluated)

    def mistakes(self, run: Run, split: str, evaluated: Values) -> None:
        """Transcripts with their differences marked."""
        draw_transcripts(run, split)


register("transcript", Transcript())


def timeline(words: Sequence[Values], samples: np.ndarray | None) -> str:
    """Return HTML: the loudness over time where the sound is known, and the words below it at their times."""
    end = max([float(word["end"]) for word in words], default=0.0)
    seconds = max(_LEAST_SECONDS, end if samples is None else len(samples) / SAMPLE_RATE_HZ)
    wave = "" if samples is None else _wave(samples)
    shown = "".join(_word(word, number, seconds) for number, word in enumerate(words))
    high = _WORDS_HIGH * min(_ROWS, len(words))
    return f'{wave}<div style="position:relative;height:{high}px">{shown}</div>'


def _word(word: Values, number: int, seconds: float) -> str:
    start = 100 * float(word["start"]) / seconds
    ground = round(_SHADE * max(_SURE, float(word["probability"])), 3)
    words = _("{start:.2f} s, probability {probability:.1%}").format(
        start=word["start"], probability=word["probability"]
    )
    side = f"right:{100 - start:.2f}%" if start > 85 else f"left:{start:.2f}%"  # the last ones stay inside
    return (
        f'<span title="{escape(words)}" style="position:absolute;{side};top:{_WORDS_HIGH * (number % _ROWS)}px;'
        f"border-left:2px solid currentColor;padding:0 4px;font-size:0.85rem;white-space:nowrap;border-radius:2px;"
        f'background:rgba(76,120,168,{ground})">{escape(plain_text(word["text"], 80))}</span>'
    )


def _wave(samples: np.ndarray) -> str:
    """(samples,) int16 -> bars of its loudness, as wide as the page."""
    parts = np.array_split(np.abs(samples.astype(np.float32)), min(_BARS, max(1, len(samples))))
    loud = np.array([part.max(initial=0.0) for part in parts])
    bars = np.maximum(1, loud / max(1.0, float(loud.max())) * _HIGH).astype(int)
    inside = np.abs(np.arange(-_HIGH, _HIGH))[:, None] < bars
    picture = np.zeros((2 * _HIGH, len(bars), 4), np.uint8)
    picture[inside] = _BLUE
    url = data_url(png(Image.fromarray(picture)))
    return f'<img src="{url}" alt="" style="display:block;width:100%;height:{_HIGH + 24}px;image-rendering:pixelated">'


def _samples(given: tuple[Tried, File] | None) -> np.ndarray | None:
    """The sound that was given, as another process has opened it."""
    if given is None:
        return None
    opened = previews(given[0], [given[1]]) or []
    return next((one.samples for one in opened), None)
