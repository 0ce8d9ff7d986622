"""From the bytes of a file to one input of a network: one function a modality."""

import json
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from engine.datasets.images import decode_image
from engine.datasets.rows import make_rows
from engine.errors import TrainyardError
from engine.settings import settings
from engine.tasks.base import Column, DataInfo

LARGEST = float(np.finfo(np.float32).max)
"""Numbers beyond it would be infinite to a network."""


def decode_picture(data: bytes, name: str, info: DataInfo) -> np.ndarray:
    """(height, width, channels) uint8 as in the dataset: scaled to cover the size, cut at the centre."""
    height, width, channels = info.shape
    return decode_image(data, name, channels=1 if channels == 1 else 3, size=(height, width))


def decode_text(data: bytes, name: str, info: DataInfo) -> str:
    """A text in UTF-8, at most `max_text_characters` long."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TrainyardError(f"{name[-80:]!r} is not text in UTF-8 ({error.reason}). Save it as UTF-8.") from error
    limit = settings().max_text_characters
    if len(text) > limit:
        raise TrainyardError(
            f"{name[-80:]!r} has {len(text):,} characters; a text may have {limit:,} (TRAINYARD_MAX_TEXT_CHARACTERS). "
            "Shorten it."
        )
    return text


def decode_row(data: bytes, name: str, info: DataInfo) -> np.ndarray:
    """One row as a JSON object of column names and values -> (1,) as in `make_rows`.

    A column that is not named, null or empty counts as missing; one that the network does not know is an error.
    """
    try:
        values = json.loads(data)
    except ValueError as error:
        raise TrainyardError(f"{name[-80:]!r} is not JSON ({error}).") from error
    if not isinstance(values, dict):
        raise TrainyardError(f"{name[-80:]!r} is no row: a JSON object of column names and values is expected.")
    known = {column.name for column in info.columns}
    unknown = [key for key in values if key not in known]
    if unknown:
        raise TrainyardError(
            f"{name[-80:]!r} has a column {unknown[0][:80]!r}, which this network does not know. "
            f"It takes: {', '.join(sorted(known))}."
        )
    numbers = [_number(values.get(column.name), column) for column in info.named("number")]
    categories = [_category(values.get(column.name)) for column in info.named("category")]
    return make_rows(np.array([numbers], np.float32), np.array([categories], object))


def _number(value: Any, column: Column) -> float:
    """A finite number, or NaN for nothing."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return math.nan
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.inf
    if abs(number) > LARGEST or isinstance(value, bool):
        raise TrainyardError(f"{column.name!r} is {str(value)[:80]!r}; a number is expected, or nothing.")
    return number


def _category(value: Any) -> str:
    return "" if value is None else str(value)


DECODERS: dict[str, Callable[[bytes, str, DataInfo], Any]] = {
    "image": decode_picture,
    "text": decode_text,
    "table": decode_row,
}
"""By modality. Each takes bytes, the file's name for the error, and what the network wants."""


def decode(modality: str, data: bytes, name: str, info: DataInfo) -> Any:
    """One input, or a `TrainyardError` with a sentence about the file."""
    if modality not in DECODERS:
        raise TrainyardError(f"Files cannot be turned into {modality} inputs yet; there is: {', '.join(DECODERS)}.")
    return DECODERS[modality](data, name, info)


def stack(inputs: Sequence[Any]) -> np.ndarray:
    """Inputs of one modality as one batch (examples, ...)."""
    if isinstance(inputs[0], str):
        return np.array(inputs, object)
    return np.concatenate(inputs) if inputs[0].dtype.names else np.stack(inputs)
