"""Rows of tables: filled into a form, taken from the test split, or uploaded as a file of many."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np
import pandas as pd
import streamlit as st

from engine.data_info import DataInfo
from engine.datasets.base import Dataset
from engine.errors import TrainyardError
from engine.modalities.table.own import TABLES
from engine.preparation.prepare import PreparedDataset, prepare
from engine.readers.spreadsheets import plain_frame
from engine.settings import settings
from ui.language import N_, _, language, plural
from ui.modalities.base import Cells, Effect, File, Tried, Way, register
from ui.modalities.given import given_cells
from ui.modalities.previews import previews
from ui.modalities.table_facts import records
from ui.modalities.table_look import draw_columns, draw_target, facts, free_name, sample_rows
from ui.modalities.table_row import ask_row
from ui.sentences import said


class Tables:
    """See `Modality`."""

    measures: ClassVar[Mapping[str, str]] = {}

    def size(self, info: DataInfo) -> str:
        """Return the number of columns."""
        count = len(info.columns)
        return plural("{count:,} column", "{count:,} columns", count).format(count=count)

    def look(self, prepared: PreparedDataset) -> None:
        """Draw the target, some rows, and on request each column with its gaps and its distribution."""
        draw_target(prepared)
        rows = sample_rows(prepared, language())
        st.dataframe(plain_frame(rows), hide_index=True, key="look-rows", alt=_("Some rows of the training split"))
        with st.expander(_("Columns"), icon=":material/view_column:", key="look-more", on_change="rerun") as area:
            if area.open:
                draw_columns(facts(prepared))

    def ways(self, dataset: Dataset) -> Mapping[str, Way]:
        """A form with a widget for each column, or a file with many rows."""
        return WAYS

    def show(self, tried: Tried, file: File) -> None:
        """Nothing: a form stands beside the answer, and a table has its columns beside the answers."""

    def mattered(self, given: np.ndarray | None, name: str, effects: Sequence[Effect]) -> str:
        """The columns in the order of their effects."""
        ordered = sorted(effects, key=lambda one: -abs(one.share))
        rows = pd.DataFrame([{"column": one.part["column"], "effect": one.words} for one in ordered])
        st.dataframe(
            plain_frame(rows),
            hide_index=True,
            key="mattered-columns",
            alt=_("What mattered, by column"),
            column_config={
                "column": st.column_config.TextColumn(_("Column")),
                "effect": st.column_config.TextColumn(
                    _("Change"),
                    help=_("Change of the answer when this cell has the median or the most frequent value."),
                ),
            },
        )
        return ""

    def cells(self, tried: Tried, files: Sequence[File]) -> Cells:
        """The given columns, in the rows of the results; keys are numbers, as names could be those of the results."""
        if (opened := previews(tried, files)) is None:
            return {}, {}
        frames = [pd.DataFrame(one.cells if one.cells else None, index=None if one.cells else [0]) for one in opened]
        given = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()
        return given_cells({name: given[name].tolist() for name in given.columns})

    def examples(self, prepared: PreparedDataset, positions: Sequence[int], captions: Sequence[str]) -> None:
        """Rows, their captions first."""
        rows = records(prepared.inputs[pd.Index(positions).to_numpy()], prepared.info)
        frame = pd.DataFrame(rows)
        frame.insert(0, free_name(_("Example"), frame), list(captions))
        st.dataframe(plain_frame(frame), hide_index=True, alt=_("Rows of the dataset"))


register("table", Tables())


# -- ways to give rows -------------------------------------------------------------------------------------------------


def _known(tried: Tried, dataset: Dataset) -> tuple[DataInfo, PreparedDataset | None]:
    """The columns of the run's network, and its data where that is still here."""
    try:
        prepared = prepare(dataset) if tried.shows_examples() else None
    except TrainyardError as error:
        st.info(said(error), icon=":material/info:")
        prepared = None
    info = tried.info()
    if info is not None:
        return info, prepared
    if prepared is None:
        raise TrainyardError("Run {run} does not say which columns its network takes. Repeat the run.", run=tried.key)
    return prepared.info, prepared


def row_input(tried: Tried, dataset: Dataset) -> list[File]:
    """A form with a widget for each column."""
    return ask_row(tried, *_known(tried, dataset))


def file_input(tried: Tried, dataset: Dataset) -> list[File]:
    """A table with a row for each prediction."""
    info, _prepared = _known(tried, dataset)
    file = st.file_uploader(
        _("Table"),
        type=list(TABLES.endings),
        max_upload_size=min(settings().max_upload_mb, settings().max_table_mb),
        key=f"table-{tried.key}",
        help=_("CSV, TSV, JSON, JSONL or Parquet with up to {count} rows. It is not stored.").format(
            count=f"{settings().max_predicted_rows:,}"
        ),
    )
    with st.expander(_("Columns that the table must have"), icon=":material/view_column:"):
        st.code("\n".join(column.name for column in info.columns), language=None)
    return [(file.name, file.getvalue())] if file else []


WAYS = {
    "row": Way(N_("One row"), ":material/edit_note:", row_input, answer="before", shown=True, made=True),
    "file": Way(N_("A file of rows"), ":material/upload:", file_input),
}
"""Ways to give rows, in the order of display."""
