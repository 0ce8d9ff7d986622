"""The model card of a version: what its owner has written, and what the record of its run says."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from engine.demos.card import Card, Fact, facts_of
from engine.readers.spreadsheets import plain_cell, plain_frame
from engine.sentences import Sentence
from ui.language import _
from ui.plain import LONGEST_SENTENCE, plain_label
from ui.sentences import said, said_plain
from ui.words import local_time

if TYPE_CHECKING:
    from engine.store.demos import Demo, Version


def author_of(demo: "Demo") -> str:
    """Return who stands on the card: what the owner has written, else the owner's name without the domain of an email."""
    return demo.texts.get("author") or demo.owner.partition("@")[0]


def draw_card(demo: "Demo", version: "Version") -> None:
    """Draw it, folded: people come for the demo."""
    card = Card.from_dict(version.card)
    with st.expander(_("Model card"), icon=":material/badge:"):
        _draw_text(_("Intended use"), demo.texts.get("use") or card.use)
        _draw_text(_("Limits"), demo.texts.get("limits") or card.limits)
        if card.head:
            st.subheader(_("Results"), anchor=False)
            head = [said_plain(title) for title in card.head]
            rows = [[plain_cell(said_plain(cell)) for cell in row] for row in card.rows]
            st.dataframe(
                plain_frame(pd.DataFrame(rows, columns=head)),
                hide_index=True,
                alt=_("Metrics on data that the network was not trained on, with interval and baseline"),
                key=f"card-{demo.name}-{version.number}",
            )
        st.subheader(_("Facts"), anchor=False)
        about = [_fact(fact) for fact in facts_of(card, demo.texts)]
        about += [
            (_("Version"), str(version.number)),
            (_("Published"), local_time(datetime.fromtimestamp(version.made_at, UTC))[:10]),
            (_("By"), plain_label(author_of(demo))),
        ]
        if version.note:
            about.append((_("What is new"), plain_label(version.note, LONGEST_SENTENCE)))
        st.markdown("\n".join(f"- **{name}:** {value}" for name, value in about))


def _fact(fact: Fact) -> tuple[str, str]:
    """Name and value of a fact; the owner's words are marked, and stand beside what the record says."""
    if not fact.corrected:
        return said(fact.name), said(fact.value)
    own = plain_label(fact.value, LONGEST_SENTENCE)
    if not fact.recorded:
        return said(fact.name), _("{text} (the words of the owner)").format(text=own)
    words = _("{text} (the words of the owner; the record of the run says: {recorded})")
    return said(fact.name), words.format(text=own, recorded=said(fact.recorded))


def _draw_text(title: str, text: str) -> None:
    st.subheader(title, anchor=False)
    if isinstance(text, Sentence):
        st.markdown(said(text))
    else:
        st.text(text)
