"""Transcripts beside what was said, their differences marked; errors by length, and what was taken for what."""

from collections.abc import Sequence
from html import escape

import numpy as np
import pandas as pd
import streamlit as st

from engine.artifacts import Outcomes
from engine.runs import Run
from engine.speech.errors import edits
from engine.speech.written import read
from ui.language import _
from ui.modalities import modality_of
from ui.plain import plain_text
from ui.predictions.base import Values
from ui.predictions.mistakes import MOST, draw_which, outcomes_of, prepared_of

_LEFT_OUT, _PUT_IN = "text-decoration:line-through;background:rgba(228,87,86,0.25)", "background:rgba(84,162,75,0.25)"


def tables_of(evaluated: Values) -> None:
    """Draw errors by the number of words, and the commonest confusions."""
    lengths, confused = evaluated.get("by_length", []), evaluated.get("confused", [])
    if not lengths:
        return
    left, right = st.columns(2)
    with left:
        st.subheader(_("Errors by length"))
        table = pd.DataFrame(lengths, columns=["words", "count", "wer", "exact"])
        st.dataframe(
            table,
            hide_index=True,
            alt=_("Errors by the number of words"),
            column_config={
                "words": st.column_config.NumberColumn(_("Words")),
                "count": st.column_config.NumberColumn(_("Examples")),
                "wer": st.column_config.NumberColumn(_("Word error rate"), format="percent"),
                "exact": st.column_config.NumberColumn(_("Exact"), format="percent"),
            },
        )
    with right:
        st.subheader(_("Taken for something else"))
        if not confused:
            st.caption(_("There are no mistakes in this split."))
            return
        table = pd.DataFrame(
            [[plain_text(said) or "–", plain_text(heard) or "–", count] for said, heard, count in confused],
            columns=["said", "heard", "count"],
        )
        st.dataframe(
            table,
            hide_index=True,
            alt=_("Words that were taken for others"),
            column_config={
                "said": st.column_config.TextColumn(_("Said"), help=_("–: nothing; the word was put in.")),
                "heard": st.column_config.TextColumn(_("Heard"), help=_("–: nothing; the word was left out.")),
                "count": st.column_config.NumberColumn(_("Times")),
            },
        )


def draw_transcripts(run: Run, split: str) -> None:
    """The worst and the best transcripts; read when asked for."""
    st.subheader(_("Examples"))
    with st.expander(_("Transcripts"), key="transcripts", on_change="rerun", icon=":material/search:") as opened:
        outcomes = outcomes_of(run, split) if opened.open else None
        if outcomes is None:
            return
        worst = draw_which("transcripts")
        where = ordered(outcomes, worst=worst)
        pairs = [(read(outcomes.targets[int(i)]), read(outcomes.outputs[int(i)][:, 0])) for i in where]
        st.html("".join(f'<p dir="auto" style="margin:0.2rem 0">{marked(*pair)}</p>' for pair in pairs))
        st.caption(_("Struck out: said, but not heard. Green: heard, but not said."))
        if (prepared := prepared_of(run)) is not None:
            captions = [f"{said} → {heard or '–'}" for said, heard in pairs]
            modality_of(prepared).examples(prepared, outcomes.positions[where].tolist(), captions)


def ordered(outcomes: Outcomes, *, worst: bool, most: int = MOST) -> np.ndarray:
    """Return places of the examples with the highest word error rate, or with the lowest."""
    rates = np.asarray(outcomes.scores["token_errors"])
    return np.argsort(-rates if worst else rates, kind="stable")[:most]


def marked(said: str, heard: str) -> str:
    """Return HTML of both as one text, what was left out and put in marked; by characters where there is one word."""
    apart = " " in f"{said}{heard}"
    parts = edits(said.split() if apart else list(said), heard.split() if apart else list(heard))
    gap = " " if apart else ""
    return gap.join(_part(kind, gap.join(old), gap.join(new)) for kind, old, new in parts)


def _part(kind: str, old: str, new: str) -> str:
    if kind == "equal":
        return escape(plain_text(old, 1_000))
    shown: Sequence[tuple[str, str]] = ((old, _LEFT_OUT), (new, _PUT_IN))
    return " ".join(f'<span style="{style}">{escape(plain_text(text, 1_000))}</span>' for text, style in shown if text)
