"""Wire format of the dashboard and the predictor: a line of JSON, then bytes as they are. No pickle, no base64.

Arrays travel by their NumPy type, whatever they mean: numbers as they are, strings as one text, fields one by one.
"""

import io
import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.modalities.text.texts import Texts

_HEAD_BYTES = 4


def pack(head: dict[str, Any], parts: Sequence[bytes] = ()) -> bytes:
    """One body of a JSON object and any number of parts."""
    encoded = json.dumps(head | {"sizes": [len(part) for part in parts]}).encode()
    return b"".join([len(encoded).to_bytes(_HEAD_BYTES, "little"), encoded, *parts])


def read_head(body: bytes) -> dict[str, Any]:
    """The JSON object at the beginning of a body, with the `sizes` of its parts."""
    head: dict[str, Any] = json.loads(body[_HEAD_BYTES : _start(body)])
    return head


def _start(body: bytes) -> int:
    """Return the position where the parts begin."""
    return _HEAD_BYTES + int.from_bytes(body[:_HEAD_BYTES], "little")


def unpack(body: bytes) -> tuple[dict[str, Any], list[bytes]]:
    """The inverse of `pack`."""
    head, start, parts = read_head(body), _start(body), []
    for size in head.pop("sizes"):
        parts.append(body[start : start + size])
        start += size
    return head, parts


def pack_inputs(inputs: np.ndarray) -> bytes:
    """A batch of any modality (examples, ...), as the conventions of datasets have it."""
    fields = {name: inputs[name] for name in inputs.dtype.names} if inputs.dtype.names else {"": inputs}
    described, parts = [], []
    for name, array in fields.items():
        arrays = list(Texts.of(array.ravel().tolist()).files().values()) if array.dtype == object else [array]
        described.append([name, array.shape, len(arrays)])
        parts += [to_bytes(part) for part in arrays]
    return pack({"fields": described}, parts)


def unpack_inputs(body: bytes) -> np.ndarray:
    """The inverse of `pack_inputs`."""
    head, parts = unpack(body)
    arrays = [from_bytes(part) for part in parts]
    fields: dict[str, np.ndarray] = {}
    for name, shape, count in head["fields"]:
        taken, arrays = arrays[:count], arrays[count:]
        fields[name] = taken[0] if count == 1 else Texts(*taken)[np.arange(len(taken[1]))].reshape(shape)
    if "" in fields:
        return fields[""]
    rows = np.empty(
        len(next(iter(fields.values()))), [(name, array.dtype, array.shape[1:]) for name, array in fields.items()]
    )
    for name, array in fields.items():
        rows[name] = array
    return rows


def to_bytes(array: np.ndarray) -> bytes:
    """An array of numbers in NumPy's own format."""
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.ascontiguousarray(array), allow_pickle=False)
    return buffer.getvalue()


def from_bytes(data: bytes) -> np.ndarray:
    """The inverse of `to_bytes`."""
    return np.lib.format.read_array(io.BytesIO(data), allow_pickle=False)
