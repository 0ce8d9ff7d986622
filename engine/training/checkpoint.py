"""A run's state in one file, written atomically: everything that decides how training goes on.

Keras' own files leave out the states of seed generators, so a resumed run with dropout or augmentation would differ
from one never interrupted; `model.variables` has them, and so has this file.
"""

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np

from engine.errors import TrainyardError


@dataclass(frozen=True)
class Position:
    """Where training stands: `step` updates of epoch `epoch` are done; `total_steps` in all."""

    epoch: int = 0
    step: int = 0
    total_steps: int = 0
    callbacks: dict[str, Any] = field(default_factory=dict)
    """What early stopping and the schedule remember, by callback name: plain JSON."""
    seconds: float = 0.0
    """Time spent in training so far."""


def save_checkpoint(path: Path, model: keras.Model, position: Position) -> None:
    """Write weights, seed states, optimizer and running metrics. A crash leaves the old file or the new one."""
    arrays = {f"v{i}": np.asarray(v) for i, v in enumerate(_variables(model))}
    arrays |= {f"m{i}": np.asarray(v) for i, v in enumerate(model.metrics_variables)}
    arrays["position"] = np.frombuffer(json.dumps(asdict(position)).encode(), np.uint8)
    write_arrays(path, arrays)


def load_checkpoint(path: Path, model: keras.Model) -> tuple[Position, list[np.ndarray]] | None:
    """Put the state back into a compiled `model`. None if there is no checkpoint.

    The running means of an interrupted epoch are returned apart: Keras resets them when an epoch begins.
    Raises `TrainyardError` when the file is damaged or of another network.
    """
    if not path.is_file():
        return None
    try:
        with np.load(path) as file:
            arrays = {name: file[name] for name in file.files}
        position = Position(**json.loads(arrays.pop("position").tobytes()))
        model.optimizer.build(model.trainable_variables)
        assign(_variables(model), _numbered(arrays, "v"))
    except (OSError, KeyError, ValueError, TypeError, EOFError) as error:
        raise TrainyardError(
            f"The checkpoint {path.name} cannot be read ({error}). Start the run again from the beginning."
        ) from error
    return position, _numbered(arrays, "m")


def save_weights(path: Path, weights: list[np.ndarray]) -> None:
    """Write the weights of the best epoch, atomically."""
    write_arrays(path, {f"w{i}": w for i, w in enumerate(weights)})


def load_weights(path: Path) -> list[np.ndarray]:
    """The weights that `save_weights` wrote, in order."""
    with np.load(path) as file:
        return [file[f"w{i}"] for i in range(len(file.files))]


def write_arrays(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Write an npz file so that `path` is at any moment whole: temporary name, fsync, rename."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    with temporary.open("wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]  # the stub takes the names for options
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def assign(variables: list[Any], values: list[np.ndarray]) -> None:
    """Set `variables` to `values`; both must match in number and shape."""
    if len(variables) != len(values):
        raise ValueError(f"it holds {len(values)} variables, the network has {len(variables)}")
    for variable, value in zip(variables, values, strict=True):
        if tuple(variable.shape) != value.shape:
            raise ValueError(f"{variable.path} has shape {tuple(variable.shape)}, the file has {value.shape}")
        variable.assign(value)


def _variables(model: keras.Model) -> list[Any]:
    """Weights, seed states and optimizer, in a fixed order."""
    return [*model.variables, *model.optimizer.variables]


def _numbered(arrays: dict[str, np.ndarray], letter: str) -> list[np.ndarray]:
    return [arrays[f"{letter}{i}"] for i in range(sum(name[0] == letter for name in arrays))]
