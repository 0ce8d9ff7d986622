"""A run's state in one file, written atomically: everything that training needs to continue to the same result.

Keras' own files leave out the states of seed generators, so a resumed run with dropout or augmentation would differ
from one never interrupted; `model.variables` has them, and so does this file.
"""

import json
import os
import zipfile
import zlib
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np

from engine.errors import TrainyardError
from engine.sentences import Sentence


@dataclass(frozen=True)
class Position:
    """The position in training: `step` updates of epoch `epoch` are done."""

    epoch: int = 0
    step: int = 0
    callbacks: dict[str, Any] = field(default_factory=dict)
    """The state of early stopping and the schedule, by callback name: plain JSON."""
    seconds: float = 0.0
    """Time spent in training so far."""


@dataclass(frozen=True)
class Checkpoint:
    """The parts of a checkpoint that `load_checkpoint` cannot restore itself: Keras resets `means` when an epoch begins."""

    position: Position
    means: list[np.ndarray]
    """Running means of the interrupted epoch."""
    best: list[np.ndarray] | None
    """Weights of the best epoch so far."""


def checkpoint_arrays(
    model: keras.Model,
    position: Position,
    means: list[np.ndarray],
    best: list[np.ndarray] | None,
    about: dict[str, Any] | None = None,
    more: list[Any] | None = None,
) -> dict[str, np.ndarray]:
    """Return the contents of a checkpoint, copied: weights, seed states and optimizer with the rest.

    `about` is plain JSON for runs that are forked from here, and `more` are variables that only forks need.
    """
    arrays = {f"v{i}": keras.ops.convert_to_numpy(v) for i, v in enumerate(variables_of(model))}
    arrays |= {f"m{i}": value for i, value in enumerate(means)}
    arrays |= {f"b{i}": value for i, value in enumerate(best or [])}
    arrays |= {f"w{i}": keras.ops.convert_to_numpy(v) for i, v in enumerate(more or [])}
    arrays["about"] = np.frombuffer(json.dumps(about or {}).encode(), np.uint8)
    arrays["position"] = np.frombuffer(json.dumps(asdict(position)).encode(), np.uint8)
    return arrays


def load_checkpoint(path: Path, model: keras.Model) -> Checkpoint:
    """Restore weights, seed states and optimizer of a compiled `model`.

    Raise `TrainyardError` when the file is damaged or of another network.
    """
    try:
        with path.open("rb") as stream, np.load(stream) as file:  # np.load leaves a damaged file open
            arrays = {name: file[name] for name in file.files}
        position = Position(**json.loads(arrays.pop("position").tobytes()))
        model.optimizer.build(model.trainable_variables)
        assign(variables_of(model), _numbered(arrays, "v"))
    except (OSError, KeyError, ValueError, TypeError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise _unreadable(path, error) from error
    return Checkpoint(position, _numbered(arrays, "m"), _numbered(arrays, "b") or None)


def _unreadable(path: Path, error: Exception) -> TrainyardError:
    return TrainyardError(
        "The checkpoint {path!r} cannot be read ({error}). Delete it to start the run again from the "
        "beginning, or start a new run with the same values.",
        path=str(path),
        error=error,
    )


def read_arrays(path: Path) -> tuple[Position, dict[str, np.ndarray]]:
    """Return the position and all arrays of a checkpoint. Raise `TrainyardError` where the file is damaged."""
    try:
        with path.open("rb") as stream, np.load(stream) as file:  # np.load leaves a damaged file open
            arrays = {name: file[name] for name in file.files}
        return Position(**json.loads(arrays["position"].tobytes())), arrays
    except (OSError, KeyError, ValueError, TypeError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise _unreadable(path, error) from error


def load_weights(path: Path, model: keras.Model) -> Position:
    """Load the best epoch's weights into `model`, which need not be compiled; the newest ones before an epoch has ended.

    Variables that only training needs are not read. Raise `TrainyardError` as `load_checkpoint` does.
    """
    try:
        with path.open("rb") as stream, np.load(stream) as file:
            position = Position(**json.loads(file["position"].tobytes()))
            best = "b0" in file.files
            variables = model.weights if best else model.variables
            assign(variables, [file[f"{'b' if best else 'v'}{i}"] for i in range(len(variables))])
    except (OSError, KeyError, ValueError, TypeError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise TrainyardError(
            "The checkpoint {path!r} cannot be read ({error}).", path=str(path), error=error
        ) from error
    return position


def write_arrays(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Write an npz file so that `path` is complete at any moment: temporary name, fsync, rename."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    try:
        with temporary.open("wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]  # the stub takes the names for options
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)  # on a full disk every byte counts
        raise


def assign(variables: list[Any], values: list[np.ndarray]) -> None:
    """Set `variables` to `values`; both must match in number and shape."""
    if len(variables) != len(values):
        raise ValueError(
            Sentence(
                "it has {values} variables, but the network has {variables}",
                values=len(values),
                variables=len(variables),
            )
        )
    for variable, value in zip(variables, values, strict=True):
        if tuple(variable.shape) != value.shape:
            raise ValueError(
                Sentence(
                    "{path} has shape {shape}, but {stored} in the file",
                    path=variable.path,
                    shape=tuple(variable.shape),
                    stored=value.shape,
                )
            )
        variable.assign(value)


def variables_of(model: keras.Model) -> list[Any]:
    """Return weights, seed states and optimizer variables, in a fixed order."""
    return [*model.variables, *model.optimizer.variables]


def _numbered(arrays: dict[str, np.ndarray], letter: str) -> list[np.ndarray]:
    return [arrays[f"{letter}{i}"] for i in range(sum(name[0] == letter for name in arrays))]
