"""Rows of tables: filled into a form, taken from the test split, or uploaded as a file of many."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import pandas as pd
import streamlit as st

from engine import service
from engine.data_info import Column, DataInfo
from engine.datasets.base import Dataset
from engine.errors import TrainyardError
from engine.preparation.prepare import PreparedDataset, prepare
from engine.readers.spreadsheets import plain_cell, plain_frame
from engine.readers.tables import read_table
from engine.runs import Run
from engine.settings import settings
from ui import lab
from ui.charts.classes import class_balance
from ui.charts.figures import to_json
from ui.charts.histogram import histogram
from ui.language import N_, _
from ui.modalities.base import Cells, File, register
from ui.modalities.table_facts import ColumnFacts, answer, column_facts, records, spread_out
from ui.plain import plain_label, plain_text
from ui.sentences import said
from ui.theme import theme_name
from ui.widgets.live_plot import live_plot
from ui.widgets.tiles import Look

Record = Mapping[str, float | str | None]

TABLE_TYPES = ("csv", "tsv", "json", "jsonl", "parquet")
EXAMPLES = 8
"""Number of examples of the test split that are offered."""
MOST_WIDGETS = 40
"""Columns that get a widget each; a wider table is one editable row."""
MOST_SHOWN_COLUMNS = 60
"""Columns of a table of results that show what was given, at most."""
_ROWS_LOOK = 8
_TILE_CELLS = 4
_WAYS = {
    "row": (N_("One row"), ":material/edit_note:"),
    "file": (N_("A file of rows"), ":material/upload:"),
}


class Tables:
    """See `Modality`."""

    measures: ClassVar[Mapping[str, str]] = {}

    def size(self, info: DataInfo) -> str:
        """Return the number of columns."""
        return _("{count} columns").format(count=len(info.columns))

    def look(self, prepared: PreparedDataset) -> None:
        """Draw the target, some rows, and each column with its gaps and its distribution."""
        _draw_target(prepared)
        shown = _look_rows(prepared)
        st.dataframe(plain_frame(shown), hide_index=True, key="look-rows", alt=_("Some rows of the training split"))
        _draw_columns(_facts(prepared))

    def ask(self, run: Run, dataset: Dataset) -> list[File]:
        """A form with a widget for each column, or a file with many rows."""
        way = st.segmented_control(
            _("Input"),
            list(_WAYS),
            default="row",
            required=True,
            format_func=lambda name: f"{_WAYS[name][1]} {_(_WAYS[name][0])}",
            key="row_way",
            help=_("Source of the row."),
        )
        info, prepared = _known(run, dataset)
        return _ask_file(run, info) if way == "file" else _ask_row(run, info, prepared)

    def show(self, file: File) -> None:
        """Nothing: the form stands beside it."""

    def cells(self, files: Sequence[File]) -> Cells:
        """The given columns, in the rows of the results; keys are numbers, as names could be those of the results."""
        frames = [_given(name, data) for name, data in files]
        given = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()
        names = list(given.columns)[:MOST_SHOWN_COLUMNS]
        keys = {f"given {position}": name for position, name in enumerate(names)}
        columns = {key: [plain_cell(cell) for cell in given[name].tolist()] for key, name in keys.items()}
        return columns, {key: st.column_config.Column(plain_cell(name)) for key, name in keys.items()}

    def examples(self, prepared: PreparedDataset, positions: Sequence[int], captions: Sequence[str]) -> None:
        """Rows, their captions first."""
        rows = records(prepared.inputs[pd.Index(positions).to_numpy()], prepared.info)
        frame = pd.DataFrame(rows)
        frame.insert(0, _free_name(_("Example"), frame), list(captions))
        st.dataframe(plain_frame(frame), hide_index=True, alt=_("Rows of the dataset"))

    def tile(self, prepared: PreparedDataset, position: int) -> Look:
        """The first cells of the row."""
        [row] = records(prepared.inputs[pd.Index([position]).to_numpy()], prepared.info)
        cells = [f"{name} {_tile_value(value)}" for name, value in list(row.items())[:_TILE_CELLS]]
        return Look(text=plain_text(", ".join(cells)))


register("table", Tables())


def _tile_value(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


# -- a look at the data ------------------------------------------------------------------------------------------------

_PREPARED: dict[str | type[Any], Callable[[Any], Any]] = {PreparedDataset: lambda prepared: str(prepared.path)}


@st.cache_data(max_entries=64, show_spinner=False, hash_funcs=_PREPARED)
def _facts(prepared: PreparedDataset) -> list[ColumnFacts]:
    return column_facts(prepared)


def _draw_target(prepared: PreparedDataset) -> None:
    """Draw the class counts, or the distribution of the values."""
    info = prepared.info
    if info.labels:
        counts = [sum(of_class) for of_class in zip(*prepared.meta["counts"].values(), strict=True)]
        figure = class_balance(info.labels, counts, theme_name())
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


@st.cache_data(max_entries=64, show_spinner=False, hash_funcs=_PREPARED)
def _look_rows(prepared: PreparedDataset) -> pd.DataFrame:
    """Some rows of the training split with what is true of them in front."""
    positions = spread_out(prepared, "train", _ROWS_LOOK)
    frame = pd.DataFrame(records(prepared.inputs[positions], prepared.info))
    name = prepared.info.target or _("Class")
    truth = [answer(prepared, p) for p in positions] if prepared.codec.classes else prepared.targets[positions]
    frame.insert(0, _free_name(name, frame), truth)
    return frame


def _free_name(name: str, frame: pd.DataFrame) -> str:
    """`name`, or one like it that no column of `frame` has."""
    while name in frame.columns:
        name += " *"
    return name


def _draw_columns(facts: Sequence[ColumnFacts]) -> None:
    kinds = {"number": _("Number"), "category": _("Category")}
    column = st.column_config
    st.dataframe(
        pd.DataFrame(
            {
                "name": [plain_cell(fact.column.name) for fact in facts],
                "kind": [kinds[fact.column.kind] for fact in facts],
                "distribution": [list(fact.distribution) for fact in facts],
                "missing": [fact.missing for fact in facts],
                "typical": ["–" if fact.typical is None else plain_cell(str(_shown(fact.typical))) for fact in facts],
                "range": [_range(fact) for fact in facts],
            }
        ),
        hide_index=True,
        key="look-columns",
        height=min(38 + 35 * len(facts), 430),
        alt=_("The columns: kind, missing values, typical value, distribution"),
        column_config={
            "name": column.TextColumn(_("Column"), pinned=True),
            "kind": column.TextColumn(_("Kind"), width="small"),
            "missing": column.NumberColumn(
                _("Missing"), help=_("Share of the training rows without a value."), format="percent", width="small"
            ),
            "typical": column.TextColumn(_("Typical"), help=_("The median, or the most frequent category.")),
            "range": column.TextColumn(_("Range"), help=_("Smallest and largest number, or number of categories.")),
            "distribution": column.BarChartColumn(
                _("Distribution"),
                help=_("Numbers from small to large; categories from frequent to rare."),
                width="small",
                y_min=0.0,
            ),
        },
    )


def _shown(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:,.5g}"


def _range(fact: ColumnFacts) -> str:
    if fact.column.kind == "category":
        return _("{count} values").format(count=len(fact.column.values))
    return "–" if fact.low is None or fact.high is None else f"{_shown(fact.low)} … {_shown(fact.high)}"


# -- one row -----------------------------------------------------------------------------------------------------------


def _known(run: Run, dataset: Dataset) -> tuple[DataInfo, PreparedDataset | None]:
    """The columns of the run's network, and its data where that is still here."""
    try:
        prepared = prepare(dataset)
    except TrainyardError as error:
        st.info(said(error), icon=":material/info:")
        prepared = None
    info = service.artifacts.files(lab.actor(), run).read_info()
    if info is not None:
        return info, prepared
    if prepared is None:
        raise TrainyardError("Run {run} does not say which columns its network takes. Repeat the run.", run=run.id)
    return prepared.info, prepared


@st.cache_data(max_entries=64, show_spinner=False, hash_funcs=_PREPARED)
def held_out_rows(prepared: PreparedDataset) -> list[tuple[str, dict[str, float | str | None]]]:
    """Return target and values of a few rows of the test split, of as many classes as there are places."""
    positions = spread_out(prepared, "test", EXAMPLES)
    rows = records(prepared.inputs[positions], prepared.info)
    return [(answer(prepared, position), row) for position, row in zip(positions.tolist(), rows, strict=True)]


def _ask_row(run: Run, info: DataInfo, prepared: PreparedDataset | None) -> list[File]:
    examples = held_out_rows(prepared) if prepared else []
    facts = {fact.column.name: fact for fact in _facts(prepared)} if prepared else {}
    form = f"row-{run.id}"
    if examples:
        _offer(form, info, examples)
    start: Record = examples[_chosen(form, examples)][1] if examples else {}
    wide = len(info.columns) > MOST_WIDGETS
    values = _edit_wide(form, info, start, _chosen(form, examples)) if wide else _edit(form, info, start, facts)
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
        st.session_state[f"{form}-{number}"] = values.get(column.name)


def _edit(form: str, info: DataInfo, start: Record, facts: Mapping[str, ColumnFacts]) -> dict[str, float | str | None]:
    """A widget for each column, two in a row; an empty one is a missing value."""
    values: dict[str, float | str | None] = {}
    places = [place for _row in range(0, len(info.columns), 2) for place in st.columns(2)]
    for number, (column, place) in enumerate(zip(info.columns, places, strict=False)):
        key = f"{form}-{number}"
        st.session_state.setdefault(key, start.get(column.name))
        with place:
            draw = _ask_number if column.kind == "number" else _ask_category
            values[column.name] = draw(column, key, facts.get(column.name))
    return values


def _ask_number(column: Column, key: str, fact: ColumnFacts | None) -> float | None:
    words = _("Empty: missing.")
    if fact is not None and fact.low is not None:
        words = _("From {low} to {high} in the training data, {typical} in the middle. Empty: missing.").format(
            low=_shown(fact.low), high=_shown(fact.high or 0.0), typical=_shown(fact.typical or 0.0)
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


def _edit_wide(form: str, info: DataInfo, start: Record, chosen: int) -> dict[str, float | str | None]:
    """One editable row, for tables with too many columns for widgets."""
    st.caption(_("{count} columns: edit any value of the row; an empty cell is a missing value.").format(
        count=len(info.columns)))  # fmt: skip
    frame = pd.DataFrame(
        {
            str(number): pd.Series([start.get(column.name)], dtype="float64" if column.kind == "number" else "object")
            for number, column in enumerate(info.columns)
        }
    )
    kinds: dict[str, Any] = {"number": st.column_config.NumberColumn, "category": st.column_config.TextColumn}
    edited = st.data_editor(
        frame,
        hide_index=True,
        key=f"{form}-wide-{chosen}",
        column_config={str(number): kinds[column.kind](column.name) for number, column in enumerate(info.columns)},
    )
    row = edited.iloc[0].tolist()
    return {column.name: None if pd.isna(value) else value for column, value in zip(info.columns, row, strict=True)}


# -- many rows ---------------------------------------------------------------------------------------------------------


def _ask_file(run: Run, info: DataInfo) -> list[File]:
    """A table with a row for each prediction."""
    file = st.file_uploader(
        _("Table"),
        type=list(TABLE_TYPES),
        max_upload_size=min(settings().max_upload_mb, settings().max_table_mb),
        key=f"table-{run.id}",
        help=_("CSV, TSV, JSON, JSONL or Parquet with up to {count} rows. It is not stored.").format(
            count=f"{settings().max_predicted_rows:,}"
        ),
    )
    with st.expander(_("Columns that the table must have"), icon=":material/view_column:"):
        st.code("\n".join(column.name for column in info.columns), language=None)
    return [(file.name, file.getvalue())] if file else []


@st.cache_data(max_entries=8, show_spinner=False)
def _given(name: str, data: bytes) -> pd.DataFrame:
    """Return the cells of a file, a row for each result; rows that were left out have empty cells at the end."""
    try:
        read = read_table(data, name)
    except TrainyardError:  # its result says why
        return pd.DataFrame(index=range(1))
    left_out = sum(problem.place.startswith("row ") for problem in read.problems)
    return read.frame.reindex(range(len(read.frame) + left_out))
