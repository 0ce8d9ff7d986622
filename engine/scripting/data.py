"""The examples of a run as plain arrays in one npz file. No pickle: texts are JSON."""

import io
import json
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from engine.preparation.prepare import SPLITS, PreparedDataset


def texts_array(texts: Any) -> np.ndarray:
    """Texts in lists as an array of bytes."""
    return np.frombuffer(json.dumps(texts).encode("ascii"), np.uint8)


def example_arrays(data: PreparedDataset) -> dict[str, np.ndarray]:
    """Inputs and targets of each split, as the script reads them."""
    found: dict[str, np.ndarray] = {}
    for split in SPLITS:
        inputs, targets = data.arrays(split)
        found[f"{split}_targets"] = targets
        if inputs.dtype.names:
            for name in inputs.dtype.names:
                found[f"{split}_{name}"] = _plain(inputs[name])
        else:
            found[f"{split}_inputs"] = _plain(inputs)
    return found


def _plain(values: np.ndarray) -> np.ndarray:
    return texts_array(values.tolist()) if values.dtype == object else np.ascontiguousarray(values)


def size_bytes(data: PreparedDataset) -> int:
    """About how large the arrays are: what the prepared dataset takes on disk."""
    return sum(path.stat().st_size for path in data.path.glob("*.npy") if not path.name.startswith("features-"))


def write_data(target: Path | BinaryIO, arrays: dict[str, np.ndarray]) -> None:
    """Write the file."""
    np.savez_compressed(target, **arrays)  # type: ignore[arg-type]  # the stub takes the names for options


def data_file(arrays: dict[str, np.ndarray]) -> bytes:
    """The same in memory."""
    buffer = io.BytesIO()
    write_data(buffer, arrays)
    return buffer.getvalue()
