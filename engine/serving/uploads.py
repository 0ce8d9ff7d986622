"""From what people upload to single inputs: a zip holds many, a table has one in each row."""

import io
import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

from engine.errors import TrainyardError
from engine.modalities.base import modalities
from engine.readers.cells import plain_name
from engine.readers.layout import Layout, header_of
from engine.readers.tables import read_cells
from engine.readers.unpack import Member, naming, open_members
from engine.serving.texts import is_table_of_texts, read_texts
from engine.settings import settings

ROW_MODALITIES = ("table",)
"""Whose files are tables of inputs."""


@contextmanager
def open_inputs(
    modality: str, uploads: Sequence[tuple[str, bytes]], columns: Sequence[str] = ()
) -> Iterator[list[Member]]:
    """All inputs of some files (name, content), each with a name and a function that reads it.

    `columns`: those of a table that the network takes, for texts the one that holds them; all must be there, and others,
    such as the target, are left
    out. Zips are open until the end of the block, and read one input at a time. Raises `TrainyardError` for a zip that
    deserves no trust, a table that is none, and more inputs than `max_instances`.
    """
    limit = settings().max_instances
    with ExitStack() as stack:
        inputs: list[Member] = []
        for name, data in uploads:
            if data.startswith(b"PK\x03\x04") or name.lower().endswith(".zip"):
                with naming(name):
                    members = stack.enter_context(open_members(io.BytesIO(data), _largest_mb(modality)))
                for member in members:
                    inputs += _unfolded(modality, member, columns)
            else:
                inputs += _unfolded(modality, Member((name,), partial(bytes, data)), columns)
            if len(inputs) > limit:
                raise TrainyardError(
                    "There are {inputs:,} inputs; one batch may have {limit:,} (TRAINYARD_MAX_INSTANCES). Give fewer "
                    "at a time.",
                    inputs=len(inputs),
                    limit=limit,
                )
        yield inputs


def _largest_mb(modality: str) -> int:
    """What one file of a zip may unpack to: as much as it may have alone."""
    return modalities[modality].largest_mb


def _unfolded(modality: str, member: Member, columns: Sequence[str]) -> list[Member]:
    """The rows of a table, or the member itself."""
    if modality == "text" and is_table_of_texts(member.name):
        return _texts(member.read(), member.name, next(iter(columns), ""))
    if modality not in ROW_MODALITIES or member.name.lower().endswith(".json"):  # which may be a single row
        return [member]
    return _rows(member.read(), member.name, columns)


def _texts(data: bytes, name: str, column: str) -> list[Member]:
    """The texts of a table, and those of its rows that have none."""
    read = read_texts(data, name, column)
    return [
        Member(
            (of,),
            partial(_refuse, read.errors[row]) if row in read.errors else partial(text.encode, "utf-8", "replace"),
        )
        for row, (of, text) in enumerate(zip(read.names, read.texts, strict=True))
    ]


def _rows(data: bytes, name: str, columns: Sequence[str]) -> list[Member]:
    """The rows of a table, with those of its columns that the network knows; also those that could not be read."""
    read = read_cells(data, name, Layout(header=header_of(columns) if columns else ""))
    wanted = {plain_name(column): column for column in columns}
    absent = [column for plain, column in wanted.items() if plain not in read.columns]
    if absent:
        raise TrainyardError(
            "{name!r} has no column {absent!r}, which this network takes. A cell may be empty, a column may "
            "not be absent.",
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
        Member((f"{name}, {problem.place} of the file",), partial(_refuse, problem.reason))
        for problem in read.problems
        if problem.place.startswith("row ")
    ]


def _row(columns: list[str], values: tuple[Any, ...]) -> bytes:
    return json.dumps(dict(zip(columns, values, strict=True))).encode()


def _refuse(reason: str) -> bytes:
    raise TrainyardError(reason)
