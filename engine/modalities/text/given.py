"""Tables of texts for a network that reads texts: one answer a row, from the column that the network was trained on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import PurePath
from typing import Any

import numpy as np

from engine.data_info import DataInfo
from engine.errors import TrainyardError
from engine.modalities.given import Decoded, refuse
from engine.readers.cells import plain_name
from engine.readers.kinds import TABLE_ENDINGS
from engine.readers.layout import Layout, header_of
from engine.readers.tables import TableFile, read_cells
from engine.readers.unpack import Member
from engine.reading import cell_text
from engine.sentences import COMMA, Sentence, joined
from engine.settings import settings

_ONE_TEXT = ".json"  # an ending of tables that leaves open what is in it


@dataclass(frozen=True)
class TextRows:
    """The texts of a table, with the name of each, and what is wrong with some."""

    names: tuple[str, ...]
    texts: tuple[str, ...]
    """Of all names, also of those that have an error."""
    errors: Mapping[int, str]
    cells: tuple[Mapping[str, Any], ...]
    """Of all names the cells of their rows by column; none where a row could not be read."""


def is_table_of_texts(name: str) -> bool:
    """Tell by the name of a file whether it holds a text in each row."""
    return PurePath(name).suffix.lower() in set(TABLE_ENDINGS) - {_ONE_TEXT}


def read_texts(data: bytes, name: str, column: str) -> TextRows:
    """Read the texts of a table: those of `column`; where none is known, of the only or the longest column."""
    read = read_cells(data, name, Layout(header=header_of([column])) if column else None)
    chosen = plain_name(column) or _longest(read)
    if chosen not in read.columns:
        raise TrainyardError(
            "{name!r} does not have the column {column!r}, from which this network reads its texts. "
            "Its columns are: {columns}.",
            name=name[-80:],
            column=chosen[:80],
            columns=joined((other[:80] for other in list(read.columns)[:20]), COMMA),
        )
    texts = [cell_text(cell) for cell in read.columns[chosen].to_pylist()]
    errors = {row: error for row, text in enumerate(texts) if (error := _wrong(text))}
    left_out = [problem for problem in read.problems if problem.place.startswith("row ")]
    errors |= {len(texts) + position: problem.reason for position, problem in enumerate(left_out)}
    names = [f"{name}:{row}" for row in range(1, len(texts) + 1)]
    names += [f"{name}, {problem.place} of the file" for problem in left_out]
    return TextRows(tuple(names), (*texts, *("" for _ in left_out)), errors, (*read.rows(), *({} for _ in left_out)))


def _wrong(text: str) -> str:
    """Return what is wrong with a text, or ""."""
    limit = settings().max_text_characters
    if not text.strip():
        return Sentence("The {which} is missing.", which="text")
    if len(text) > limit:
        return Sentence(
            "It has {text:,} characters; a text may have {limit:,} (TRAINYARD_MAX_TEXT_CHARACTERS).",
            text=len(text),
            limit=limit,
        )
    return ""


def _longest(read: TableFile) -> str:
    """Return the column whose cells are longest."""
    lengths: dict[str, int] = {}
    for name, cells in read.columns.items():
        shown: Sequence[str] = [cell_text(cell) for cell in cells.slice(0, 1_000).to_pylist()]
        lengths[name] = sum(map(len, shown))
    return max(lengths, key=lengths.__getitem__)


def decode_texts(data: bytes, name: str, info: DataInfo) -> Decoded:
    """Decode the texts of a table, at most `max_predicted_rows`."""
    read = read_texts(data, name, info.text_column)
    limit = settings().max_predicted_rows
    if len(read.names) > limit:
        raise TrainyardError(
            "{name!r} has {rows:,} rows; one request may have {limit:,} "
            "(TRAINYARD_MAX_PREDICTED_ROWS). Send it in parts.",
            name=name[-80:],
            rows=len(read.names),
            limit=limit,
        )
    good = [text for row, text in enumerate(read.texts) if row not in read.errors]
    return Decoded(read.names, np.array(good, object), read.errors)


def texts_of_table(data: bytes, name: str, column: str) -> list[Member]:
    """The texts of a table, and those of its rows that have none."""
    read = read_texts(data, name, column)
    return [
        Member(
            (of,),
            partial(refuse, read.errors[row]) if row in read.errors else partial(text.encode, "utf-8", "replace"),
            cells,
        )
        for row, (of, text, cells) in enumerate(zip(read.names, read.texts, read.cells, strict=True))
    ]
