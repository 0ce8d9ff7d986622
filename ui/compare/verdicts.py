"""Verdicts on a selection of runs by their test examples: in words first, many pairs as a table."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from engine.comparing.findings import Findings
from engine.comparing.verdicts import MOST_FOR_ALL_PAIRS, Verdict
from engine.comparing.words import amount_text, p_text
from engine.metrics import metric_named
from engine.runs import Run
from ui import lab
from ui.compare.comparison import findings
from ui.language import N_, _
from ui.sentences import said
from ui.words import metric_label

_METRICS_IN_SENTENCES = (N_("accuracy"), N_("cross-entropy"))
"""Names of metrics in the engine, so that its sentences can be translated."""
_FEW = MOST_FOR_ALL_PAIRS * (MOST_FOR_ALL_PAIRS - 1) // 2


def draw_verdicts(runs: Sequence[Run]) -> None:
    """The verdicts on these runs. The first call of a process imports what knows statistics: that takes a second."""
    if len(runs) < 2:
        return
    with lab.guarded():
        found = findings(runs)
        for sentence in found.about_seeds():
            _say(":material/casino:", sentence)
        if len(found.pairs) <= _FEW:
            _draw_sentences(found)
        else:
            _draw_table(found.pairs)
        _draw_reservation(found)


def _draw_sentences(found: Findings) -> None:
    icons = {(pair.parts(), _icon(pair)): None for pair in found.pairs}  # what is true of several pairs is said once
    for sentences, icon in icons:
        _say(icon, *sentences)


def _icon(pair: Verdict) -> str:
    if pair.problem:
        return ":material/help:"
    return ":material/trophy:" if pair.distinguishable else ":material/balance:"


def _say(icon: str, *sentences: str) -> None:
    st.markdown(f"{icon} {' '.join(map(said, sentences))}")


def _draw_table(pairs: Sequence[Verdict]) -> None:
    st.dataframe(
        pd.DataFrame([_row(pair) for pair in pairs]),
        hide_index=True,
        key="verdicts",
        alt=_("Each run compared with the first"),
        placeholder="–",
        column_config={
            "run": st.column_config.NumberColumn(_("Run"), width="small", pinned=True),
            "other": st.column_config.NumberColumn(_("Compared with"), width="small"),
            "verdict": st.column_config.TextColumn(_("Verdict")),
            "gain": st.column_config.TextColumn(
                _("Better by"), help=_("Negative: worse. With its confidence interval.")
            ),
            "p": st.column_config.TextColumn(
                _("p value"),
                help=_(
                    "Probability of a difference at least this large by chance: McNemar's test of "
                    "right and wrong answers, or the paired t-test."
                ),
            ),
            "corrected": st.column_config.TextColumn(
                _("Corrected"), help=_("The p value corrected for the number of pairs; it decides the verdict.")
            ),
            "examples": st.column_config.NumberColumn(
                _("Examples"), help=_("Number of test examples on which both were evaluated.")
            ),
        },
    )
    for problem in dict.fromkeys(pair.problem for pair in pairs if pair.problem):
        _say(":material/help:", problem)


def _row(pair: Verdict) -> dict[str, str | int | None]:
    row: dict[str, str | int | None] = {"run": pair.run, "other": pair.other, "verdict": _verdict_word(pair)}
    if pair.problem:
        return row | {"gain": None, "p": None, "corrected": None, "examples": None}
    gain, low, high = (amount_text(pair.metric, value) for value in (pair.gain, pair.low, pair.high))
    words = _("{gain} points ({low} to {high})") if metric_named(pair.metric).share else _("{gain} ({low} to {high})")
    return row | {
        "gain": f"{metric_label(pair.metric)}: {words.format(gain=gain, low=low, high=high)}",
        "p": p_text(pair.p),
        "corrected": p_text(pair.corrected_p),
        "examples": pair.examples,
    }


def _verdict_word(pair: Verdict) -> str:
    if pair.problem:
        return _("unknown")
    if not pair.distinguishable:
        return _("not distinguishable")
    return _("better") if pair.gain > 0 else _("worse")


def _draw_reservation(found: Findings) -> None:
    warning = _("A run chosen as the best of several by its test metrics will do somewhat worse on new data.")
    for sentence in found.correction():
        st.caption(f"{said(sentence)} {warning}")
