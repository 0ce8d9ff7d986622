"""The examples of a run as plain arrays in one npz file. No pickle: texts are JSON."""

import io
from pathlib import Path
from typing import BinaryIO

import numpy as np

from engine.preparation.learned import learn
from engine.preparation.prepare import SPLITS, PreparedDataset
from engine.runs import RunSpec
from engine.targets import Ragged
from engine.tasks.base import Task


def example_arrays(data: PreparedDataset, spec: RunSpec) -> dict[str, np.ndarray]:
    """Return inputs and targets of each split, as the script reads them: where the task encodes them, as it does."""
    found: dict[str, np.ndarray] = {}
    stored = type(spec.task).encode_stored is not Task.encode_stored
    info = learn(spec.model, spec.task, data) if spec.task.encodes or stored else data.info
    for split in SPLITS:
        inputs, targets = data.arrays(split)
        if spec.task.encodes:
            inputs, targets = spec.task.encode(inputs, targets, info)
        elif stored:
            targets = spec.task.encode_stored(targets, info)
        if isinstance(targets, Ragged):  # one row after the other
            found[f"{split}_targets"] = targets.values
            found[f"{split}_splits"] = np.concatenate([targets.starts, targets.ends[-1:]])
        else:
            found[f"{split}_targets"] = targets
        arrays = {"inputs": inputs} if spec.task.encodes else data.modality.arrays(inputs)
        found |= {f"{split}_{name}": array for name, array in arrays.items()}
    return found


def size_bytes(data: PreparedDataset) -> int:
    """Return roughly how large the arrays are: the size of the prepared dataset on disk."""
    return sum(path.stat().st_size for path in data.path.glob("*.npy") if not path.name.startswith("features-"))


def write_data(target: Path | BinaryIO, arrays: dict[str, np.ndarray]) -> None:
    """Write the file."""
    np.savez_compressed(target, **arrays)  # type: ignore[arg-type]  # the stub takes the names for options


def data_file(arrays: dict[str, np.ndarray]) -> bytes:
    """Return the same in memory."""
    buffer = io.BytesIO()
    write_data(buffer, arrays)
    return buffer.getvalue()
