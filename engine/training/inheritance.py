"""The state that a forked run takes over from its first checkpoint, also where different variables are trained.

A weight is identified by its place in the whole network, which a fork cannot change; an optimizer slot by its weight;
seeds by their place, where there are as many as before. Whatever has no counterpart starts fresh.
"""

import hashlib
import json
import zipfile
import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np

from engine.artifacts import Artifacts
from engine.errors import TrainyardError
from engine.runs import Run
from engine.training.checkpoint import Position
from engine.training.network import Network

_LISTS = ("_variables", "_trainable_variables")  # of an optimizer, without its slots


@dataclass(frozen=True)
class Inheritance:
    """A checkpoint, with its contents by name."""

    position: Position
    about: dict[str, Any]
    """Result of `describe` for the run that wrote it."""
    values: dict[str, np.ndarray]
    """Weights, seeds and the optimizer's variables."""
    best: dict[str, np.ndarray]
    """Weights of the best epoch so far."""
    frozen: str = ""
    """Identifies untrained weights that differ from the model's initial ones; empty where they do not."""

    @classmethod
    def read(cls, path: Path) -> "Inheritance":
        """Read a checkpoint. Raise `TrainyardError` for a damaged file, or one from a version that could not fork."""
        try:
            with path.open("rb") as stream, np.load(stream) as file:
                about = json.loads(file["about"].tobytes())
                position = Position(**json.loads(file["position"].tobytes()))
                values = {name: file[f"v{i}"] for i, name in enumerate(about["variables"])}
                values |= {name: file[f"w{i}"] for i, name in enumerate(about["more"])}
                best = {name: file[f"b{i}"] for i, name in enumerate(about["best"]) if f"b{i}" in file}
        except (OSError, KeyError, ValueError, TypeError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            raise TrainyardError(
                "The checkpoint {path!r} cannot be read ({error}). Fork the parent again, or start a new run.",
                path=str(path),
                error=error,
            ) from error
        return cls(position, about, values, best)

    def give_weights(self, network: Network) -> "Inheritance":
        """Copy all available weights into the network; `frozen` identifies the untrained ones."""
        before = _digest(network.features)
        for name, variable in _weights(network).items():
            if name in self.values:
                if tuple(variable.shape) != self.values[name].shape:
                    raise TrainyardError(
                        "The weights of the parent do not fit: {path} has shape {shape}, but "
                        "{parent_shape} in the parent. Start a new run.",
                        path=variable.path,
                        shape=tuple(variable.shape),
                        parent_shape=self.values[name].shape,
                    )
                variable.assign(self.values[name])
        after = _digest(network.features)
        return replace(self, frozen=after if after != before else "")

    def give_rest(self, network: Network, steps: int, *, same_rate: bool) -> None:
        """Restore seeds and the optimizer's state; `steps` is where its own count continues.

        The learning rate only if it was set by the same values: a plateau may have cut it.
        """
        trained = network.trained
        for name, variable in zip(names(network), [*trained.variables, *trained.optimizer.variables], strict=True):
            value = self.values.get(name)
            if name.startswith("rate") and not same_rate:
                continue
            if value is not None and tuple(variable.shape) == value.shape:
                variable.assign(value)
        trained.optimizer.iterations.assign(steps)

    def best_weights(self, network: Network) -> list[np.ndarray] | None:
        """Return weights in the order of `trained.get_weights()`; those that the parent did not train are unchanged."""
        known = {id(variable): name for name, variable in _weights(network).items()}
        if not self.best:
            return None
        return [self.best.get(known.get(id(v), ""), keras.ops.convert_to_numpy(v)) for v in network.trained.weights]


def inherit(run: Run, files: Artifacts, network: Network) -> Inheritance | None:
    """Give a forked run's network the weights it begins with, before anything is computed with them.

    Return None for a run without a parent. Raise `TrainyardError` where nothing is left to begin or continue with.
    """
    if run.parent_id is None:
        return None
    path = files.start if files.start.is_file() else files.checkpoint
    if not path.is_file():
        raise TrainyardError(
            "Run {run} was forked from run {parent}, and the checkpoint it started from was deleted "
            "because runs were over TRAINYARD_DISK_BUDGET_MB. Fork a kept epoch again, or start a "
            "new run.",
            run=run.id,
            parent=run.parent_id,
        )
    return Inheritance.read(path).give_weights(network)


def describe(network: Network, more: list[Any]) -> dict[str, Any]:
    """Return the names of a checkpoint's contents: the variables of `network`, the best weights, and `more` weights."""
    known = {id(variable): name for name, variable in _weights(network).items()}
    return {
        "variables": names(network),
        "best": [known.get(id(v), "") for v in network.trained.weights],
        "more": [known[id(v)] for v in more],
    }


def names(network: Network) -> list[str]:
    """Return one name for each variable of the trained model, then of its optimizer, in the order of a checkpoint."""
    trained = network.trained
    known = {id(variable): name for name, variable in _weights(network).items()}
    known |= _counted("seed", [v for v in network.core.variables if id(v) not in known])
    known |= _counted("own", [v for v in trained.variables if id(v) not in known])
    optimizer = trained.optimizer
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    for attribute, slots in vars(inner).items():
        if isinstance(slots, list) and attribute not in _LISTS and len(slots) == len(inner._trainable_variables):
            known |= {
                id(s): f"{attribute}:{known[id(v)]}" for s, v in zip(slots, inner._trainable_variables, strict=True)
            }
    if isinstance(rate := inner._learning_rate, keras.Variable):
        known[id(rate)] = "rate"
    known |= _counted("optimizer", [v for v in optimizer.variables if id(v) not in known])
    return [known[id(v)] for v in [*trained.variables, *optimizer.variables]]


def untrained(network: Network) -> list[Any]:
    """Return the weights that a checkpoint of the trained model does not contain."""
    held = {id(v) for v in network.trained.variables}
    return [v for v in network.core.weights if id(v) not in held]


def _weights(network: Network) -> dict[str, Any]:
    return {f"weight{i}": variable for i, variable in enumerate(network.core.weights)}


def _counted(kind: str, variables: list[Any]) -> dict[int, str]:
    """Return names that match only where there are as many."""
    return {id(v): f"{kind}{i} of {len(variables)}" for i, v in enumerate(variables)}


def _digest(model: keras.Model | None) -> str:
    weights = hashlib.sha256()
    for value in model.get_weights() if model is not None else []:
        weights.update(np.ascontiguousarray(value).data)
    return weights.hexdigest()
