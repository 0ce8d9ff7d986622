"""A look at the rows of a dataset: the target, some rows, and each column with its gaps and its distribution."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from engine.preparation.prepare import PreparedDataset
from engine.readers.spreadsheets import plain_cell
from ui.charts.classes import class_balance
from ui.charts.figures import to_json
from ui.charts.histogram import histogram
from ui.class_names import described, names_of
from ui.language import _
from ui.modalities.base import BY_PATH
from ui.modalities.table_facts import ColumnFacts, column_facts, dated, records, spread_out
from ui.theme import theme_name
from ui.widgets.live_plot import live_plot

_ROWS = 8


@st.cache_data(max_entries=64, show_spinner=False, hash_funcs=BY_PATH)
def facts(prepared: PreparedDataset) -> list[ColumnFacts]:
    """Return the facts about each column, counted once for all viewers."""
    return column_facts(prepared)


def draw_target(prepared: PreparedDataset) -> None:
    """Draw the class counts, or the distribution of the values."""
    info = prepared.info
    if info.labels:
        counts = [sum(of_class) for of_class in zip(*prepared.meta["counts"].values(), strict=True)]
        figure = class_balance(names_of(prepared), counts, theme_name())
        words, height = _("Number of rows of each class"), min(420, 50 + 28 * len(info.labels))
    else:
        figure = histogram(prepared.targets[prepared.indices("train")], info.target, theme_name())
        words, height = _("Distribution of the target"), 190
    live_plot(
        to_json(figure),
        key="look-target",
        label=words,
        failed=_("The chart cannot be drawn: the browser could not load Plotly from this server."),
        height=height,
    )


@st.cache_data(max_entries=64, show_spinner=False, hash_funcs=BY_PATH)
def sample_rows(prepared: PreparedDataset, language: str) -> pd.DataFrame:
    """Some rows of the training split with what is true of them in front, once for all viewers of a language."""
    positions = spread_out(prepared, "train", _ROWS)
    frame = pd.DataFrame(records(prepared.inputs[positions], prepared.info))
    name = prepared.info.target or _("Class")
    truth = [described(prepared, p) for p in positions] if prepared.codec.classes else prepared.targets[positions]
    frame.insert(0, free_name(name, frame), truth)
    return frame


def free_name(name: str, frame: pd.DataFrame) -> str:
    """`name`, or one like it that no column of `frame` has."""
    while name in frame.columns:
        name += " *"
    return name


def draw_columns(columns: Sequence[ColumnFacts]) -> None:
    """Draw a row for each column of the data: kind, gaps, typical value, distribution."""
    kinds = {"number": _("Number"), "date": _("Date"), "category": _("Category")}
    column = st.column_config
    st.dataframe(
        pd.DataFrame(
            {
                "name": [plain_cell(fact.column.name) for fact in columns],
                "kind": [kinds[fact.column.kind] for fact in columns],
                "distribution": [list(fact.distribution) for fact in columns],
                "missing": [fact.missing for fact in columns],
                "typical": ["–" if fact.typical is None else plain_cell(str(shown(fact.typical))) for fact in columns],
                "range": [_range(fact) for fact in columns],
            }
        ),
        hide_index=True,
        key="look-columns",
        height=min(38 + 35 * len(columns), 430),
        alt=_("The columns: kind, missing values, typical value, distribution"),
        column_config={
            "name": column.TextColumn(_("Column"), pinned=True),
            "kind": column.TextColumn(_("Kind"), width="small"),
            "missing": column.NumberColumn(
                _("Missing"), help=_("Share of the training rows without a value."), format="percent", width="small"
            ),
            "typical": column.TextColumn(_("Typical"), help=_("The median, or the most frequent category.")),
            "range": column.TextColumn(
                _("Range"), help=_("Smallest and largest number, first and last date, or number of categories.")
            ),
            "distribution": column.BarChartColumn(
                _("Distribution"),
                help=_("Numbers from small to large, dates from early to late; categories from frequent to rare."),
                width="small",
                y_min=0.0,
            ),
        },
    )


def shown(value: float | str) -> str:
    """A typical or extreme value, in few digits."""
    return value if isinstance(value, str) else f"{value:,.5g}"


def _range(fact: ColumnFacts) -> str:
    if fact.column.kind == "category":
        return _("{count} values").format(count=len(fact.column.values))
    if fact.column.kind == "date" and fact.low is not None and fact.high is not None:
        return f"{dated(fact.low, fact.column)} … {dated(fact.high, fact.column)}"
    return "–" if fact.low is None or fact.high is None else f"{shown(fact.low)} … {shown(fact.high)}"
