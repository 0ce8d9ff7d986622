"""Inputs as JSON in the form of TensorFlow Serving's REST API, many at once: checked, and made into one batch."""

import json
from typing import Any, NoReturn

import numpy as np

from engine.data_info import DataInfo
from engine.errors import TrainyardError
from engine.modalities.base import modalities
from engine.modalities.given import whole_characters
from engine.sentences import COMMA, joined
from engine.serving.rows import decode_rows, rows_of_records
from engine.settings import settings

SIGNATURES = ("serving_default", "raw")
"""What `signature_name` may say: typed predictions, or the plain outputs of the network."""


def read_request(body: bytes) -> tuple[list[Any], bool]:
    """The instances of a request, and whether it wants plain outputs. Raises `TrainyardError` for what is none."""
    try:
        asked = json.loads(body, parse_constant=_no_number)
    except RecursionError as error:
        raise TrainyardError("The body is JSON that is nested too deeply.") from error
    except ValueError as error:  # also bytes that are not text
        raise TrainyardError("The body is not JSON ({error}).", error=error) from error
    if not isinstance(asked, dict):
        raise TrainyardError('The body must be a JSON object such as {"instances": [...]}.')
    if "inputs" in asked:
        raise TrainyardError('The column form "inputs" is not taken. Give one entry an input: {"instances": [...]}.')
    unknown = sorted(asked.keys() - {"instances", "signature_name"})
    if unknown:
        raise TrainyardError(
            "{unknown!r} is not part of a request; there are: instances, signature_name.", unknown=unknown[0][:80]
        )
    instances, signature = asked.get("instances"), asked.get("signature_name", SIGNATURES[0])
    if signature not in SIGNATURES:
        raise TrainyardError(
            "signature_name is {signature!r}; there are: {signatures}.",
            signature=str(signature)[:80],
            signatures=joined(SIGNATURES, COMMA),
        )
    if not isinstance(instances, list) or not instances:
        raise TrainyardError('"instances" must be a list of at least one input.')
    limit = settings().max_instances
    if len(instances) > limit:
        raise TrainyardError(
            "{instances:,} instances are too many for one request; it may hold {limit:,} "
            "(TRAINYARD_MAX_INSTANCES). Send them in portions.",
            instances=len(instances),
            limit=limit,
        )
    return instances, signature == "raw"


def make_inputs(instances: list[Any], modality: str, info: DataInfo) -> np.ndarray:
    """Instances as one batch (examples, ...). Raises `TrainyardError` with a sentence about the first wrong one."""
    if modality == "table":
        return rows(instances, info)
    return modalities[modality].parse(instances, info)


def rows(instances: list[Any], info: DataInfo) -> np.ndarray:
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
        raise TrainyardError("{where} is no row: an object of column names and values is expected.", where=where)
    for key, value in row.items():
        if isinstance(value, list | dict):
            raise TrainyardError(
                "{where} has in column {key!r} no single value: a number or a text is expected.",
                where=where,
                key=key[:80],
            )
        if isinstance(value, str):
            whole_characters(value, where)
    return decode_rows(json.dumps(row).encode(), where, info).single(where)


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number in JSON")
