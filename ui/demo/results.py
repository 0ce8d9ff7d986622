"""Display of predictions on the demo page: one renderer for each kind."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from engine.readers.spreadsheets import plain_cell, plain_frame, write_csv
from ui.demo.remarks import draw_remarks, remark_cells, remark_columns
from ui.language import _
from ui.modalities import Cells
from ui.modalities.given import given_records
from ui.predictions import Renderer, Result
from ui.sentences import said, said_plain
from ui.widgets.downloads import json_file

MOST_SHOWN_COLUMNS = 60
"""Columns of a table of results that show what was given, at most; files have them all."""
_PICTURE_PIXELS = 56


def draw_results(renderer: Renderer, results: Sequence[Result], cells: Cells, *, key: str) -> None:
    """One result large, several as a table that can be downloaded; `cells` show what was given. `key`: see Streamlit."""
    if len(results) == 1:
        result = results[0]
        if result.prediction is None:
            st.error(said(result.error), icon=":material/error:")
        else:
            renderer.draw(result.prediction.values, key=key)
            draw_remarks(result.prediction.values)
        return
    draw_many(renderer, results, cells, f"{key}-table")


def draw_many(renderer: Renderer, results: Sequence[Result], cells: Cells, key: str) -> None:
    """A table of results that can be downloaded; `cells` show what was given beside the names."""
    table = result_table(renderer, results)
    failures = sum(1 for result in results if result.prediction is None)
    if failures:
        st.warning(_("{count} of {total} inputs could not be used; the table says why.").format(
            count=failures, total=len(results)), icon=":material/warning:")  # fmt: skip
    renderer.summary(results)
    given, how = cells
    few = dict(list(given.items())[:MOST_SHOWN_COLUMNS])
    pictures = any(_is_picture(column) for column in how.values())
    named = pd.DataFrame(
        [renderer.shown({str(k): v for k, v in row.items()}) for row in table.to_dict("records")], columns=table.columns
    )
    shown = named if failures else named.drop(columns="error")
    parts = [pd.DataFrame(few), shown] if pictures else [shown, pd.DataFrame(few)]
    st.dataframe(
        plain_frame(pd.concat(parts, axis=1)),
        hide_index=True,
        row_height=_PICTURE_PIXELS if pictures else None,
        key=key,
        alt=_("Prediction for each file"),
        column_config=renderer.columns()
        | {key: how[key] for key in few if key in how}
        | remark_columns()
        | {
            "name": st.column_config.TextColumn(
                _("Input"), help=_("Name of the file, and the row where it is a table.")
            ),
            "error": st.column_config.TextColumn(_("Problem"), help=_("Why a file could not be used."), width="large"),
        },
    )
    with st.container(horizontal=True):
        _download(_("Download as CSV"), f"{key}-csv", write_csv(downloaded(given, how, table)), "predictions.csv", "text/csv",
                  _("The table without pictures, for a spreadsheet."))  # fmt: skip
        _download(_("Download as JSON"), f"{key}-json", json_file(results, given_records(cells)), "predictions.json", "application/json",
                  _("Full predictions, each with its input where that is a row."))  # fmt: skip
        for number, file in enumerate(renderer.downloads(results)):
            _download(file.label, f"{key}-file{number}", file.data, file.name, file.mime, file.words)


def _download(label: str, key: str, data: bytes, name: str, mime: str, words: str) -> None:
    st.download_button(
        label, data, file_name=name, mime=mime, icon=":material/download:", on_click="ignore", help=words, key=key
    )


def downloaded(given: Mapping[str, Any], how: Mapping[str, Any], table: pd.DataFrame) -> pd.DataFrame:
    """The table of results for a file: behind it what was given, under its own names, where that is no picture."""
    columns = {
        str((how.get(key) or {}).get("label") or key): values
        for key, values in given.items()
        if not _is_picture(how.get(key))
    }
    return pd.concat([table, pd.DataFrame(columns)], axis=1)


def _is_picture(column: Any) -> bool:
    return bool(column and (column.get("type_config") or {}).get("type") == "image")


def result_table(renderer: Renderer, results: Sequence[Result]) -> pd.DataFrame:
    """One row a file: its name, the prediction's cells, remarks on it, and what was wrong with it."""
    remarks = remark_cells([result.prediction.values if result.prediction else {} for result in results])
    rows = [
        {"name": plain_cell(result.name)}
        | (renderer.row(result.prediction.values) if result.prediction else {})
        | more
        | {"error": said_plain(result.error)}
        for result, more in zip(results, remarks, strict=True)
    ]
    table = pd.DataFrame(rows)
    return table.reindex(columns=[c for c in table.columns if c != "error"] + ["error"])
