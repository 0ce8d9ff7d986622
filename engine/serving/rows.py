"""Rows of a table for a network: one as a JSON object, many as columns that are turned into a batch at once."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from engine.data_info import Column, DataInfo
from engine.errors import TrainyardError
from engine.modalities.rows import make_rows
from engine.readers.tables import read_table
from engine.sentences import COMMA, Sentence, joined
from engine.serving.decoded import Decoded
from engine.settings import settings

LARGEST = float(np.finfo(np.float32).max)
"""Numbers beyond it would be infinite to a network."""
_LARGEST_OBJECT = 4_000_000  # bytes; more is read as a table, object by object: JSON may grow a hundredfold in memory


def decode_rows(data: bytes, name: str, info: DataInfo) -> Decoded:
    """A JSON object of column names and values is one row; a table (CSV, JSON, JSONL, Parquet) is many, named file:row.

    In an object, a column that is not named counts as missing and an unknown one is an error: it was written for this
    network. A table must have all columns of the network, and may have others, such as the target.
    """
    if (values := _object(data)) is not None:
        return _one(values, name, info)
    read = read_table(data, name)
    columns = {str(column): read.frame[column].tolist() for column in read.frame}
    rows, limit = len(read.frame), settings().max_predicted_rows
    if rows > limit:
        raise TrainyardError(
            "{name!r} has {rows:,} rows; one request may have {limit:,} (TRAINYARD_MAX_PREDICTED_ROWS). Send "
            "it in portions.",
            name=name[-80:],
            rows=rows,
            limit=limit,
        )
    absent = [column.name for column in info.columns if column.name not in columns]
    if absent:
        raise TrainyardError(
            "{name!r} has no column {absent!r}, which this network takes. Its columns are: {columns}. A cell "
            "may be empty, a column may not be absent.",
            name=name[-80:],
            absent=absent[0][:80],
            columns=joined((column[:80] for column in list(columns)[:20]), COMMA),
        )
    inputs, errors = rows_of_columns(columns, info)
    names = [f"{name}:{row}" for row in range(1, rows + 1)]
    left_out = [problem for problem in read.problems if problem.place.startswith("row ")]
    errors |= {rows + position: problem.reason for position, problem in enumerate(left_out)}
    names += [f"{name}, {problem.place} of the file" for problem in left_out]
    return Decoded(tuple(names), inputs, errors)


def rows_of_records(records: Sequence[Mapping[str, Any]], info: DataInfo) -> tuple[np.ndarray, dict[int, str]]:
    """Rows as dictionaries of column names and values -> what `rows_of_columns` returns."""
    return rows_of_columns(
        {column.name: [record.get(column.name) for record in records] for column in info.columns}, info
    )


def rows_of_columns(columns: Mapping[str, Sequence[Any]], info: DataInfo) -> tuple[np.ndarray, dict[int, str]]:
    """Values by column name (a pandas table, too) -> the usable rows as of `make_rows`, and a sentence for each other.

    None, NaN and empty texts are missing values.
    """
    errors: dict[int, str] = {}
    numbers = [_numbers(columns[column.name], column, errors) for column in info.named("number")]
    categories = [[_category(value) for value in columns[column.name]] for column in info.named("category")]
    rows = make_rows(
        np.stack(numbers, axis=1) if numbers else None,
        np.array(categories, object).reshape(len(categories), -1).T if categories else None,
    )
    return (np.delete(rows, list(errors)) if errors else rows), errors


def _object(data: bytes) -> dict[str, Any] | None:
    """The JSON object that the whole file is, or None."""
    if len(data) > _LARGEST_OBJECT or not data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return None
    try:
        values = json.loads(data)
    except (ValueError, RecursionError):  # one object a line, or no JSON at all: reading it as a table tells
        return None
    return values if isinstance(values, dict) else None


def _one(values: dict[str, Any], name: str, info: DataInfo) -> Decoded:
    known = [column.name for column in info.columns]
    unknown = [key for key in values if key not in known]
    if unknown:
        raise TrainyardError(
            "{name!r} has a column {unknown!r}, which this network does not know. It takes: {known}.",
            name=name[-80:],
            unknown=unknown[0][:80],
            known=joined(known, COMMA),
        )
    inputs, errors = rows_of_records([values], info)
    return Decoded((name,), inputs, errors)


def _numbers(values: Sequence[Any], column: Column, errors: dict[int, str]) -> np.ndarray:
    """(rows,) float32, NaN for nothing; `errors` gets what is no number. Plain numbers are converted at once."""
    plain = all(value is None or type(value) in (int, float) for value in values)
    try:
        numbers = np.array(values if plain else [_number(value) for value in values], np.float64)
    except OverflowError:  # whole numbers in JSON have no largest
        numbers = np.array([_number(value) for value in values], np.float64)
    unusable = np.abs(numbers) > LARGEST
    for row in np.flatnonzero(unusable).tolist():
        errors.setdefault(
            row,
            Sentence(
                "{column!r} is {values!r}; a number is expected, or nothing.",
                column=column.name,
                values=str(values[row])[:80],
            ),
        )
    return np.where(unusable, np.nan, numbers).astype(np.float32)


def _number(value: Any) -> float:
    """A number, NaN for nothing, infinity for what is none."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return math.nan
    if isinstance(value, bool):
        return math.inf
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return math.inf


def _category(value: Any) -> str:
    """A word; empty for nothing. A whole number is written like one, wherever it comes from."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = str(value).encode("utf-8", "replace").decode()  # JSON can name half of a character, which no network takes
    return text if text.strip() else ""
