"""The rows of an uploaded table as single inputs."""

import json
from collections.abc import Sequence
from functools import partial
from typing import Any

from engine.errors import TrainyardError
from engine.modalities.given import refuse
from engine.readers.cells import plain_name
from engine.readers.layout import Layout, header_of
from engine.readers.tables import read_cells
from engine.readers.unpack import Member


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
    known = [column for column in read.columns if not columns or column in wanted]
    cells = [[None if value != value else value for value in read.columns[column].to_pylist()] for column in known]
    names = [wanted.get(column, column) for column in known]
    rows = [
        Member((f"{name}:{number}",), partial(_row, names, values))
        for number, values in enumerate(zip(*cells, strict=True), start=1)
    ]
    return rows + [
        Member((f"{name}, {problem.place} of the file",), partial(refuse, problem.reason))
        for problem in read.problems
        if problem.place.startswith("row ")
    ]


def _row(columns: list[str], values: tuple[Any, ...]) -> bytes:
    return json.dumps(dict(zip(columns, values, strict=True))).encode()
