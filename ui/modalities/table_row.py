"""A row of a table, filled into a form: a widget for each column, or one editable row; examples fill it in."""

import datetime
import json
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from engine.data_info import Column, DataInfo
from engine.preparation.prepare import PreparedDataset
from ui.class_names import class_name
from ui.language import _
from ui.modalities.base import BY_PATH, File, Tried
from ui.modalities.table_facts import ColumnFacts, dated, records, spread_out
from ui.modalities.table_look import facts, shown
from ui.plain import plain_label, plain_text

Record = Mapping[str, float | str | None]

EXAMPLES = 8
"""Number of examples of the test split that are offered."""
MOST_WIDGETS = 40
"""Columns that get a widget each; a wider table is one editable row."""


@st.cache_data(max_entries=64, show_spinner=False, hash_funcs=BY_PATH)
def held_out_rows(prepared: PreparedDataset) -> list[tuple[str, dict[str, float | str | None]]]:
    """Return target and values of a few rows of the test split, of as many classes as there are places."""
    positions = spread_out(prepared, "test", EXAMPLES)
    rows = records(prepared.inputs[positions], prepared.info)
    return [(prepared.describe(position), row) for position, row in zip(positions.tolist(), rows, strict=True)]


def ask_row(tried: Tried, info: DataInfo, prepared: PreparedDataset | None) -> list[File]:
    """Draw the form, filled with an example where there are any; the row that stands in it, as JSON."""
    held = held_out_rows(prepared) if prepared else []
    examples = [(class_name(prepared.dataset, truth), row) for truth, row in held] if prepared else []
    known = {fact.column.name: fact for fact in facts(prepared)} if prepared else {}
    form = f"row-{tried.key}"
    if examples:
        _offer(form, info, examples)
    start: Record = examples[_chosen(form, examples)][1] if examples else {}
    wide = len(info.columns) > MOST_WIDGETS
    values = _edit_wide(form, info, start, _chosen(form, examples)) if wide else _edit(form, info, start, known)
    return [(_("row"), json.dumps(values, ensure_ascii=False).encode())]


def _chosen(form: str, examples: Sequence[Any]) -> int:
    return min(int(st.session_state.get(f"{form}-example", 0)), max(len(examples) - 1, 0))


def _offer(form: str, info: DataInfo, examples: Sequence[tuple[str, Record]]) -> None:
    """Buttons that fill the form with an example."""
    st.caption(
        _(
            "Fill in an example of the test split; the network was not trained on it. The buttons "
            "show the right answers; the form does not."
        )
    )
    with st.container(horizontal=True):
        for position, (truth, values) in enumerate(examples):
            st.button(
                plain_label(truth, 24),
                key=f"{form}-fill-{position}",
                type="primary" if position == _chosen(form, examples) else "secondary",
                on_click=_fill,
                args=(form, info, position, values),
                help=_("Fill in this example."),
            )


def _fill(form: str, info: DataInfo, position: int, values: Record) -> None:
    st.session_state[f"{form}-example"] = position
    for number, column in enumerate(info.columns):
        st.session_state[f"{form}-{number}"] = _widget_value(column, values.get(column.name))


def _edit(form: str, info: DataInfo, start: Record, facts: Mapping[str, ColumnFacts]) -> dict[str, float | str | None]:
    """A widget for each column, two in a row; an empty one is a missing value."""
    values: dict[str, float | str | None] = {}
    places = [place for _row in range(0, len(info.columns), 2) for place in st.columns(2)]
    for number, (column, place) in enumerate(zip(info.columns, places, strict=False)):
        key = f"{form}-{number}"
        st.session_state.setdefault(key, _widget_value(column, start.get(column.name)))
        with place:
            draw = _ASK[column.kind]
            values[column.name] = draw(column, key, facts.get(column.name))
    return values


def _ask_number(column: Column, key: str, fact: ColumnFacts | None) -> float | None:
    words = _("Empty: missing.")
    if fact is not None and fact.low is not None:
        words = _("From {low} to {high} in the training data, {typical} in the middle. Empty: missing.").format(
            low=shown(fact.low), high=shown(fact.high or 0.0), typical=shown(fact.typical or 0.0)
        )
    return st.number_input(
        plain_label(column.name),
        value=None,
        step=fact.step if fact and fact.step else 1.0,
        format="%.15g" if column.read_as.wide else "%.7g",
        key=key,
        placeholder=_("missing"),
        help=words,
    )


def _ask_category(column: Column, key: str, fact: ColumnFacts | None) -> str | None:
    options = list(column.values)
    given = st.session_state.get(key)
    if isinstance(given, str) and given not in options:
        options.append(given)
    chosen: str | None = st.selectbox(
        plain_label(column.name),
        options,
        index=None,
        key=key,
        format_func=plain_text,
        placeholder=_("missing"),
        accept_new_options=True,
        help=_("Empty: missing. You can type a value that is not in the training data."),
    )
    return chosen


def _ask_date(column: Column, key: str, fact: ColumnFacts | None) -> str | None:
    """Ask for the day, and for the time of day where the data have some."""
    words = _("Empty: missing.")
    if fact is not None and fact.low is not None and fact.high is not None:
        words = _("From {low} to {high} in the training data, {typical} in the middle. Empty: missing.").format(
            low=dated(fact.low, column), high=dated(fact.high, column), typical=fact.typical
        )
    ask = st.datetime_input if column.read_as.times else st.date_input
    chosen: datetime.date | None = ask(
        plain_label(column.name), value=None, min_value=_FIRST, max_value=_LAST, key=key, help=words
    )
    return chosen.isoformat() if chosen else None


def _widget_value(column: Column, value: float | str | None) -> Any:
    """Return what the widget of a column holds for a value of a record."""
    if column.kind != "date" or not isinstance(value, str):
        return value
    found = datetime.datetime.fromisoformat(value)
    return found if column.read_as.times else found.date()


_FIRST, _LAST = datetime.datetime(1, 1, 1), datetime.datetime(9999, 12, 31)
_ASK: Mapping[str, Any] = {"number": _ask_number, "date": _ask_date, "category": _ask_category}


def _edit_wide(form: str, info: DataInfo, start: Record, chosen: int) -> dict[str, float | str | None]:
    """One editable row, for tables with too many columns for widgets."""
    st.caption(_("Edit any value of the row; an empty cell is a missing value."))
    frame = pd.DataFrame(
        {
            str(number): pd.Series([start.get(column.name)], dtype="float64" if column.kind == "number" else "object")
            for number, column in enumerate(info.columns)
        }
    )
    text = st.column_config.TextColumn
    kinds: dict[str, Any] = {"number": st.column_config.NumberColumn, "date": text, "category": text}
    edited = st.data_editor(
        frame,
        hide_index=True,
        key=f"{form}-wide-{chosen}",
        column_config={str(number): kinds[column.kind](column.name) for number, column in enumerate(info.columns)},
    )
    row = edited.iloc[0].tolist()
    return {column.name: None if pd.isna(value) else value for column, value in zip(info.columns, row, strict=True)}
