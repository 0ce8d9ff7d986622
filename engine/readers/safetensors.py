"""Arrays in the safetensors format: a header of JSON, then plain numbers. Nothing in such a file is ever run.

https://github.com/huggingface/safetensors
"""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import TrainyardError

_LARGEST_HEADER_BYTES = 10_000_000
_SIZE_BYTES = 8
_DTYPES: dict[str, np.dtype[Any]] = {"F32": np.dtype("<f4"), "F16": np.dtype("<f2"), "BF16": np.dtype("<u2")}


def read_safetensors(path: Path, names: list[str]) -> dict[str, np.ndarray]:
    """Return the arrays of these `names` as float32.

    Raise `TrainyardError` for a damaged file, for one that lacks an array, and for one whose arrays are not numbers of 16 or 32 bits.
    """
    with path.open("rb") as file:
        header_bytes = int.from_bytes(file.read(_SIZE_BYTES), "little")
        if not 0 < header_bytes <= min(_LARGEST_HEADER_BYTES, path.stat().st_size):
            raise _broken(path)
        try:
            header = json.loads(file.read(header_bytes))
        except (ValueError, RecursionError) as error:
            raise _broken(path) from error
    start = _SIZE_BYTES + header_bytes
    return {name: _array(path, start, name, header) for name in names}


def _array(path: Path, start: int, name: str, header: Any) -> np.ndarray:
    """Return one array as float32."""
    if not isinstance(header, dict) or name not in header:
        raise TrainyardError("{path!r} has no array {name!r}. It is of another network.", path=path.name, name=name)
    try:
        about = header[name]
        dtype, shape = _DTYPES[about["dtype"]], tuple(map(int, about["shape"]))
        begin, end = map(int, about["data_offsets"])
    except (KeyError, TypeError, ValueError) as error:
        raise _broken(path) from error
    size = math.prod(shape) * dtype.itemsize
    if min(shape, default=1) < 0 or begin < 0 or end - begin != size or start + end > path.stat().st_size:
        raise _broken(path)
    found: np.ndarray = np.fromfile(path, dtype, math.prod(shape), offset=start + begin).reshape(shape)
    if about["dtype"] == "BF16":  # the upper half of a number of 32 bits
        found = (found.astype(np.uint32) << 16).view(np.float32)
    return np.asarray(found, np.float32)


def _broken(path: Path) -> TrainyardError:
    return TrainyardError("{path!r} is not a whole file of arrays (safetensors). Fetch it again.", path=path.name)
