"""Rows as JSON objects, many at once."""

import json
from typing import Any

import numpy as np

from engine.data_info import DataInfo
from engine.errors import TrainyardError
from engine.modalities.given import whole_characters
from engine.modalities.table.given import decode_rows, rows_of_records


def parse_rows(instances: list[Any], info: DataInfo) -> np.ndarray:
    """Objects of column and value; a column that is missing or null counts as missing."""
    known = {column.name for column in info.columns}
    if all(type(row) is dict and row.keys() <= known for row in instances) and _single(instances):
        found, errors = rows_of_records(instances, info)
        if not errors:
            return found
    # something is not as it should be: one after the other, so that the sentence can say where
    return np.concatenate([_row(row, f"instances[{position}]", info) for position, row in enumerate(instances)])


def _single(instances: list[dict[str, Any]]) -> bool:
    """Tell whether all values are single ones, and whole characters."""
    values = [value for row in instances for value in row.values()]
    if not set(map(type, values)) <= {str, int, float, bool, type(None)}:
        return False
    try:
        "".join(value for value in values if type(value) is str).encode()
    except UnicodeEncodeError:
        return False
    return True


def _row(row: Any, where: str, info: DataInfo) -> np.ndarray:
    if not isinstance(row, dict):
        raise TrainyardError("{where} is not a row: expected an object of column names and values.", where=where)
    for key, value in row.items():
        if isinstance(value, list | dict):
            raise TrainyardError(
                "{where} does not have a single value in column {key!r}: expected a number or a text.",
                where=where,
                key=key[:80],
            )
        if isinstance(value, str):
            whole_characters(value, where)
    return decode_rows(json.dumps(row).encode(), where, info).single(where)
