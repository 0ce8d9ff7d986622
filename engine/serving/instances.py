"""Inputs as JSON in the form of TensorFlow Serving's REST API, many at once: checked, and made into one batch."""

import base64
import binascii
import json
from collections.abc import Callable, Collection, Iterable
from itertools import chain
from typing import Any, NoReturn

import numpy as np

from engine.data_info import DataInfo
from engine.errors import TrainyardError
from engine.sentences import COMMA, joined
from engine.serving.decoding import decode_one, stack
from engine.serving.rows import rows_of_records
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
    if modality not in READERS:
        raise TrainyardError(
            "Inputs of modality {modality!r} cannot be given as JSON yet; send files.", modality=modality
        )
    return READERS[modality](instances, info)


def images(instances: list[Any], info: DataInfo) -> np.ndarray:
    """Nested lists (height, width, channels) of 0 to 255, or `{"b64": picture file}`."""
    if not any(isinstance(instance, dict) for instance in instances):
        try:
            return _pixels(instances, info)
        except TrainyardError:
            if len(instances) == 1:
                raise
    parts = []
    for position, instance in enumerate(instances):  # mixed, or one of them is wrong: which, and why?
        where = f"instances[{position}]"
        if isinstance(instance, dict):
            parts.append(decode_one("image", _file(instance, where), where, info))
        else:
            parts.append(_pixels([instance], info, where))
    return np.concatenate(parts)


def _pixels(instances: list[Any], info: DataInfo, where: str = "instances[0]") -> np.ndarray:
    shape = list(info.shape)
    try:
        with np.errstate(over="ignore"):
            found = np.array(instances, np.float32)
        right = list(found.shape[1:]) == shape and _only(instances, found.ndim, (int, float))
        if right and found.min() >= 0 and found.max() <= 255:
            return found
    except (TypeError, ValueError, OverflowError):  # ragged, or no numbers
        right = False
    if right:
        raise TrainyardError(
            "{where} has values from {min:g} to {max:g}; pixels go from 0 to 255.",
            where=where,
            min=found.min(),
            max=found.max(),
        )
    raise TrainyardError(
        "{where} is no picture: nested lists of {shape} numbers (height, width, channels) are expected, "
        'or {{"b64": "..."}} with a PNG or JPEG file.',
        where=where,
        shape=" × ".join(map(str, shape)),
    )


def _only(nested: Iterable[Any], depth: int, kinds: Collection[type]) -> bool:
    """Whether the leaves of lists, `depth` deep, are all of these types: NumPy would take "1" and true for numbers."""
    for _ in range(depth - 1):
        nested = chain.from_iterable(nested)
    return set(map(type, nested)) <= set(kinds)


def texts(instances: list[Any], info: DataInfo) -> np.ndarray:
    """Strings, or `{"b64": text in UTF-8}`."""
    found = []
    limit = settings().max_text_characters
    for position, instance in enumerate(instances):
        where = f"instances[{position}]"
        if isinstance(instance, dict):
            instance = decode_one("text", _file(instance, where), where, info)[0]
        if not isinstance(instance, str):
            raise TrainyardError("{where} is no text: a string is expected.", where=where)
        if len(instance) > limit:
            raise TrainyardError(
                "{where} has {instance:,} characters; a text may have {limit:,} (TRAINYARD_MAX_TEXT_CHARACTERS).",
                where=where,
                instance=len(instance),
                limit=limit,
            )
        found.append(_sound_text(instance, where))
    return stack(found)


def clips(instances: list[Any], info: DataInfo) -> np.ndarray:
    """Lists of int16 samples, mono, 16 kHz, cut or filled with silence to the network's length; or `{"b64": sound file}`."""
    found = np.zeros((len(instances), *info.shape), np.int16)
    for position, instance in enumerate(instances):
        where = f"instances[{position}]"
        given = isinstance(instance, dict)
        clip = decode_one("audio", _file(instance, where), where, info)[0] if given else _samples(instance, where)
        clip = clip[: info.shape[0]]
        found[position, : len(clip)] = clip
    return found


def _samples(instance: Any, where: str) -> np.ndarray:
    numbers = isinstance(instance, list) and bool(instance) and _only(instance, 1, (int,))
    if not numbers or min(instance) < -32768 or max(instance) > 32767:
        raise TrainyardError(
            "{where} is no sound: a list of whole numbers from -32768 to 32767 (16 kHz, mono) is expected, "
            'or {{"b64": "..."}} with a sound file.',
            where=where,
        )
    return np.array(instance, np.int16)


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
            _sound_text(value, where)
    return decode_one("table", json.dumps(row).encode(), where, info)


READERS: dict[str, Callable[[list[Any], DataInfo], np.ndarray]] = {
    "image": images,
    "text": texts,
    "audio": clips,
    "table": rows,
}
"""By modality."""


def _file(instance: dict[str, Any], where: str) -> bytes:
    """The content of `{"b64": "..."}`."""
    encoded = instance.get("b64")
    if not isinstance(encoded, str) or len(instance) > 1:
        raise TrainyardError(
            '{where} is an object; only {{"b64": "..."}} with the bytes of a file is taken.', where=where
        )
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise TrainyardError("{where} is not base64 ({error}).", where=where, error=error) from error


def _sound_text(text: str, where: str) -> str:
    """A text that can be written as UTF-8: JSON can name halves of characters, which are none."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise TrainyardError(
            "{where} holds half a character (a lone surrogate). Send whole characters.", where=where
        ) from error
    return text


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number in JSON")
