"""The rows of an uploaded table as single inputs."""

import json
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from engine.errors import TrainyardError
from engine.modalities.given import refuse
from engine.readers.cells import plain_name
from engine.readers.layout import Layout, header_of
from engine.readers.tables import read_cells, read_table
from engine.readers.unpack import Member
from engine.settings import settings


def rows_of_table(data: bytes, name: str, columns: Sequence[str]) -> list[Member]:
    """The rows of a table, with those of its columns that the network knows; also those that could not be read."""
    read = read_cells(data, name, Layout(header=header_of(columns) if columns else ""))
    wanted = {plain_name(column): column for column in columns}
    absent = [column for plain, column in wanted.items() if plain not in read.columns]
    if absent:
        raise TrainyardError(
            "{name!r} does not have the column {absent!r}, which this network needs. A cell may be "
            "empty, but a column must not be missing.",
            name=name[-80:],
            absent=absent[0][:80],
        )
    known = {wanted.get(column, column): column for column in read.columns if not columns or column in wanted}
    rows = [
        Member((f"{name}:{number}",), partial(_row, known, cells), cells) for number, cells in enumerate(read.rows(), 1)
    ]
    return rows + [
        Member((f"{name}, {problem.place} of the file",), partial(refuse, problem.reason))
        for problem in read.problems
        if problem.place.startswith("row ")
    ]


def cells_of_table(data: bytes, name: str) -> dict[str, list[Any]]:
    """Return the cells of a table by column, numbers where a column is decided to be numbers; None where one is missing.

    Rows that were left out come at the end and have no cell, as their results do. Of a table with more rows than are
    predicted at once there is nothing to show.
    """
    read = read_table(data, name)
    left_out = sum(problem.place.startswith("row ") for problem in read.problems)
    if len(read) + left_out > settings().max_predicted_rows:
        return {}
    frame = read.frame.astype(object)
    frame = frame.where(frame.notna(), None)
    return {str(column): [*frame[column].tolist(), *[None] * left_out] for column in frame}


def _row(known: Mapping[str, str], cells: Mapping[str, Any]) -> bytes:
    """The cells that the network takes, by its own names of their columns."""
    return json.dumps({name: cells[column] for name, column in known.items()}).encode()
