"""Rows of a table for a network: one as a JSON object, many as columns that are turned into a batch at once."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from engine.data_info import Column, DataInfo
from engine.errors import TrainyardError
from engine.modalities.given import Decoded
from engine.modalities.table.rows import make_rows
from engine.readers.cells import plain_name
from engine.readers.layout import Layout, header_of
from engine.readers.tables import read_cells
from engine.sentences import COMMA, Sentence, joined
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
    read = read_cells(data, name, Layout(header=header_of([column.name for column in info.columns])))
    rows, limit = len(read), settings().max_predicted_rows
    if rows > limit:
        raise TrainyardError(
            "{name!r} has {rows:,} rows; one request may have {limit:,} "
            "(TRAINYARD_MAX_PREDICTED_ROWS). Send it in parts.",
            name=name[-80:],
            rows=rows,
            limit=limit,
        )
    absent = [column.name for column in info.columns if plain_name(column.name) not in read.columns]
    if absent:
        raise TrainyardError(
            "{name!r} does not have the column {absent!r}, which this network needs. Its columns "
            "are: {columns}. A cell may be empty, but a column must not be missing.",
            name=name[-80:],
            absent=absent[0][:80],
            columns=joined((column[:80] for column in list(read.columns)[:20]), COMMA),
        )
    columns = {column.name: read.columns[plain_name(column.name)].to_pylist() for column in info.columns}
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

    Values are texts of cells, or what JSON has; None, NaN and empty texts are missing. Each is read as its column was
    when the network's data was imported, whatever stands in the other rows.
    """
    errors: dict[int, str] = {}
    numbers = [number_column(columns[column.name], column, errors) for column in info.named("number")]
    categories = [category_column(columns[column.name], column, errors) for column in info.named("category")]
    dates = [date_column(columns[column.name], column, errors) for column in info.named("date")]
    rows = make_rows(
        np.stack(numbers, axis=1) if numbers else None,
        np.stack(categories, axis=1) if categories else None,
        np.stack(dates, axis=1) if dates else None,
        wide=info.wide,
    )
    return (np.delete(rows, list(errors)) if errors else rows), errors


def unknown_categories(rows: np.ndarray, info: DataInfo) -> list[dict[str, str]]:
    """Return for each row (examples,) the categories, by column, that its network has not been trained with."""
    found: list[dict[str, str]] = [{} for _ in range(len(rows))]
    for position, column in enumerate(info.named("category")):
        for row, name in enumerate(rows["categories"][:, position].tolist()):
            if not column.knows(name):
                found[row][column.name] = name
    return found


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
    known = {column.name for column in info.columns}
    named = {key if key in known else plain_name(key): value for key, value in values.items()}
    unknown = [key for key in named if key not in known]
    if unknown:
        raise TrainyardError(
            "{name!r} has a column {unknown!r} that this network does not take. It takes: {known}.",
            name=name[-80:],
            unknown=unknown[0][:80],
            known=joined((column.name for column in info.columns), COMMA),
        )
    inputs, errors = rows_of_records([named], info)
    return Decoded((name,), inputs, errors)


def number_column(values: Sequence[Any], column: Column, errors: dict[int, str]) -> np.ndarray:
    """(rows,) float64, NaN for nothing; `errors` gets what is not a number. Plain numbers are converted at once."""
    plain = all(value is None or type(value) in (int, float) for value in values)
    try:
        numbers = np.array(values if plain else [_number(column, value) for value in values], np.float64)
    except OverflowError:  # whole numbers in JSON have no largest
        numbers = np.array([_number(column, value) for value in values], np.float64)
    unusable = np.abs(numbers) > LARGEST
    for row in np.flatnonzero(unusable).tolist():
        errors.setdefault(
            row,
            Sentence(
                "{column!r} is {values!r}; expected a number or nothing.",
                column=column.name,
                values=str(values[row])[:80],
            ),
        )
    return np.where(unusable, np.nan, numbers)


def _number(column: Column, value: Any) -> float:
    """A number, NaN for nothing, infinity for what is none."""
    found = column.number(value)
    return math.inf if found is None else found


def date_column(values: Sequence[Any], column: Column, errors: dict[int, str]) -> np.ndarray:
    """(rows,) float64, seconds since 1970, NaN for nothing; `errors` gets what is no date; equal cells are read once."""
    read: dict[Any, float | None] = {}
    made = np.full(len(values), np.nan)
    for row, value in enumerate(values):
        key = value if isinstance(value, str) or value is None else str(value)
        if key not in read:
            read[key] = column.date(None if value != value else key)
        found = read[key]
        if found is None:
            errors.setdefault(
                row,
                Sentence(
                    "{column!r} is {value!r}; expected a date such as 2024-03-31, or nothing.",
                    column=column.name,
                    value=str(value)[:80],
                ),
            )
        else:
            made[row] = found
    return made


def category_column(values: Sequence[Any], column: Column, errors: dict[int, str]) -> np.ndarray:
    """(rows,) names of categories as objects, empty for nothing; equal cells are read once."""
    read: dict[Any, str] = {}
    made = np.empty(len(values), object)
    for row, value in enumerate(values):
        if isinstance(value, list | dict):
            errors.setdefault(
                row,
                Sentence(
                    "{column!r} is {value!r}; expected a text or nothing.",
                    column=column.name,
                    value=str(value)[:80],
                ),
            )
            value = None
        key = (type(value), value)  # true is not 1
        if key not in read:
            read[key] = column.category(value)
        made[row] = read[key]
    return made
