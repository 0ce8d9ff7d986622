"""A text that a network made from a text: token by token, where it looked, and what differs from the true text."""

from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from engine.artifacts import Outcomes
from engine.language.edits import marked
from engine.language.written import Written
from engine.metrics import metric_named
from engine.preparation.prepare import PreparedDataset
from engine.runs import Run
from engine.targets import text_of
from ui.charts.attention import attention_figure, attention_height
from ui.language import _, plural
from ui.plain import plain_text
from ui.predictions.base import Renderer, Values, register
from ui.predictions.mistakes import MOST, draw_watch, outcomes_of, prepared_of
from ui.predictions.tokens import coloured
from ui.theme import theme_name
from ui.widgets.live_plot import still_plot
from ui.widgets.tiles import Verdict
from ui.words import metric_label, metric_text

_TILE_CHARACTERS = 120
_SHOWN_CHARACTERS = 1_000
_RIGHT, _WRONG = "rgba(46,160,67,0.28)", "rgba(218,54,51,0.28)"


class Rewritten(Renderer):
    """A text that follows from another."""

    def text(self, values: Values) -> str:
        """As it was written, on one line."""
        return " ".join(str(values["text"]).split())

    def draw(self, values: Values, key: str) -> None:
        """The text, what else was likely, what was not read, and the attention."""
        if left_out := values.get("left_out"):
            words = plural(
                "The text is longer than the network can see: {count:,} token at its end was not read.",
                "The text is longer than the network can see: {count:,} tokens at its end were not read.",
                left_out,
            )
            st.warning(words.format(count=left_out), icon=":material/content_cut:")
        if not values["tokens"]:
            st.caption(_("The network wrote nothing: it ended the text at once."))
            return
        st.html(coloured(values["tokens"]))
        st.caption(
            _(
                "The stronger the ground of a token, the surer the network was. Point at a token to see what else was likely."
            )
        )
        if attention := values.get("attention"):
            with st.expander(_("Where it looked"), icon=":material/visibility:", key=f"{key}-attention"):
                written = [token["text"] for token in values["tokens"]]
                figure = attention_figure(attention, values["source"], written, theme_name())
                label = _("Attention: for each token that was written, how much the network looked at each one it read")
                still_plot(figure, f"{key}-attention-plot", label, attention_height(len(written)))
                st.caption(label)

    def probe(self, values: Values, truth: str) -> tuple[str, Verdict]:
        """Its beginning, and whether it is the true text."""
        text = self.text(values)
        verdict: Verdict = "right" if text == " ".join(truth.split()) else "wrong"
        return text if len(text) <= _TILE_CHARACTERS else f"{text[:_TILE_CHARACTERS].rstrip()} …", verdict

    def row(self, values: Values) -> dict[str, Any]:
        """The text, and how much of the input was not read."""
        return {"written": str(values["text"])} | ({"left_out": left} if (left := values.get("left_out")) else {})

    def columns(self) -> dict[str, Any]:
        """A wide column."""
        return {
            "written": st.column_config.TextColumn(
                _("Written text"), help=_("What the network made of the text."), width="large"
            ),
            "left_out": st.column_config.NumberColumn(
                _("Not read"), help=_("Tokens at the end of the text that the network could not see.")
            ),
        }

    def evaluate(self, run: Run, split: str, evaluated: Values) -> None:
        """How many texts were too long to be read whole."""
        if count := evaluated.get("left_out"):
            words = plural(
                "{count:,} text of this split is longer than the network can see: its end was not read.",
                "{count:,} texts of this split are longer than the network can see: their ends were not read.",
                count,
            )
            st.caption(words.format(count=count))
        if (found := evaluated.get("by_length")) and len(found["rows"]) > 1:
            _draw_lengths(found["metric"], found["rows"])

    def mistakes(self, run: Run, split: str, evaluated: Values) -> None:
        """The worst and the best answers, with what differs from the truth marked; read when opened."""
        st.subheader(_("Examples"))
        worst, best = st.tabs([_("Worst examples"), _("Best examples")], key="rewritten_examples", on_change="rerun")
        for tab, sign in ((worst, 1), (best, -1)):
            if tab.open:
                with tab:
                    _draw_examples(run, split, sign)


def _draw_lengths(metric: str, rows: Sequence[dict[str, Any]]) -> None:
    """The mean score of short and of long texts."""
    st.subheader(_("By length"))
    table = pd.DataFrame(
        [
            {
                "length": f"{row['least']:,}" if row["least"] == row["most"] else f"{row['least']:,}-{row['most']:,}",
                "texts": row["texts"],
                "score": metric_text(metric, row["score"]),
            }
            for row in rows
        ]
    )
    st.dataframe(
        table,
        hide_index=True,
        width="content",
        key="rewritten_by_length",
        alt=_("Score by the length of the true text"),
        column_config={
            "length": st.column_config.TextColumn(
                _("Words"), help=_("Of the true text; signs in Chinese and the like.")
            ),
            "texts": st.column_config.NumberColumn(_("Texts"), format="localized"),
            "score": st.column_config.TextColumn(metric_label(metric), help=_("The mean over these texts.")),
        },
    )


def _draw_examples(run: Run, split: str, sign: int) -> None:
    outcomes = outcomes_of(run, split)
    prepared = None if outcomes is None else prepared_of(run)
    if outcomes is None or prepared is None:
        return
    name = list(outcomes.scores)[-1]
    scores = outcomes.scores[name]
    worse = -scores if metric_named(name).maximize else scores
    where = np.argsort(-sign * worse, kind="stable")[:MOST]
    if not len(outcomes.outputs):
        st.caption(_("Per-example predictions were not kept, or were deleted to free space."))
        return
    st.caption(_("Red and struck out: what the network wrote instead of what stands in green beside it."))
    captions = [f"{metric_label(name)} {metric_text(name, float(scores[i]))}" for i in where]
    st.html("".join(_compared(prepared, outcomes, where, captions)))
    draw_watch(run, split, outcomes.positions[where].tolist())


def _compared(prepared: PreparedDataset, outcomes: Outcomes, where: np.ndarray, captions: Sequence[str]) -> list[str]:
    sources = prepared.inputs[outcomes.positions[where]]
    return [
        '<div style="margin-bottom:0.8rem">'
        f'<div style="opacity:0.6;font-size:0.8rem">{escape(caption)}</div>'
        f'<div dir="auto" style="opacity:0.8;overflow-wrap:anywhere">{escape(plain_text(source, _SHOWN_CHARACTERS))}</div>'
        f'<div dir="auto" style="overflow-wrap:anywhere">'
        f"{marked_html(Written.unpacked(outcomes.outputs[int(i)]).text, text_of(outcomes.targets[int(i)]))}</div></div>"
        for caption, source, i in zip(captions, sources, where.tolist(), strict=True)
    ]


def marked_html(written: str, true: str) -> str:
    """Return HTML of an answer in which words that differ from the true text are struck out, with the true ones beside them."""
    parts = []
    for piece in marked(plain_text(written, _SHOWN_CHARACTERS), plain_text(true, _SHOWN_CHARACTERS)):
        if piece.same:
            parts.append(f"<span>{escape(piece.written)}</span>")
            continue
        if piece.written:
            parts.append(f'<del style="background:{_WRONG};border-radius:3px">{escape(piece.written)}</del>')
        if piece.true:
            parts.append(
                f'<ins style="background:{_RIGHT};border-radius:3px;text-decoration:none">{escape(piece.true)}</ins>'
            )
    return " ".join(parts)


register("rewritten", Rewritten())
