"""Rows that people gave, as columns of a table of results, all of them and under their own names."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from engine.readers.spreadsheets import plain_cell
from ui.modalities.base import Cells

_GIVEN = "given "


def given_cells(columns: Mapping[Any, Sequence[Any]]) -> Cells:
    """Return columns of given cells; keys are numbers, as names could be those of the results."""
    keys = {f"{_GIVEN}{position}": name for position, name in enumerate(columns)}
    cells = {key: [plain_cell(_there(cell)) for cell in columns[name]] for key, name in keys.items()}
    return cells, {key: st.column_config.Column(plain_cell(name)) for key, name in keys.items()}


def given_rows(rows: Sequence[Mapping[str, Any]]) -> Cells:
    """Return the same for rows by column, of which not all need have the same columns."""
    names = dict.fromkeys(name for row in rows for name in row)
    return given_cells({name: [row.get(name) for row in rows] for name in names})


def given_records(cells: Cells) -> list[dict[str, Any]]:
    """Return the rows that were given, by column; none where no rows were."""
    columns, how = cells
    named = {str(how[key]["label"]): values for key, values in columns.items() if key.startswith(_GIVEN)}
    return [dict(zip(named, row, strict=True)) for row in zip(*named.values(), strict=True)]


def _there(cell: Any) -> Any:
    return None if cell != cell else cell
