"""Answers of the predictor, as plain data that both of its sides know. No Keras here."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Self

import numpy as np

from engine.cost.facts import NetworkFacts
from engine.sentences import from_json, to_json
from engine.tasks.base import Prediction


@dataclass(frozen=True)
class Layer:
    """One layer of a network, or several that are drawn as one box.

    `output_shape` is without the batch axis; None stands for any length. Layers of equal `group` that follow each
    other belong into one box; a layer that is a box of its own has its own name as group.
    """

    name: str
    kind: str
    output_shape: tuple[int | None, ...]
    parameters: int
    trainable: bool
    group: str


@dataclass(frozen=True)
class NetworkPicture:
    """A network from what people have to what they see, in the order of computation."""

    layers: tuple[Layer, ...]
    facts: NetworkFacts

    @property
    def parameters(self) -> int:
        """Number of all parameters, trained or given."""
        return self.facts.parameters

    @property
    def trainable_parameters(self) -> int:
        """Number of parameters that training changes."""
        return self.facts.trainable_parameters

    @property
    def boxes(self) -> list[Layer]:
        """The layers with each group folded into one: at most about thirty, whatever the depth."""
        return [_fold(group, list(layers)) for group, layers in groupby(self.layers, lambda x: x.group)]

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """The inverse of `dataclasses.asdict`, also after JSON has made lists of tuples."""
        return cls(tuple(_layers(data["layers"])), NetworkFacts(**data["facts"]))


@dataclass(frozen=True)
class PredictResult:
    """Result for one file: a prediction, or the sentence that says why there is none."""

    name: str
    prediction: Prediction | None
    error: str = ""
    epoch: int | None = None
    """The epoch whose weights answered, while the run still trains; None for its final model."""
    outputs: list[float] | None = None
    """The plain outputs of the network, where they were asked for."""

    def to_dict(self) -> dict[str, Any]:
        """As `dataclasses.asdict`, which would copy every probability one by one."""
        made = vars(self.prediction) if self.prediction else None
        return vars(self) | {"prediction": made, "error": to_json(self.error)}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """The inverse of `to_dict`."""
        found = data["prediction"]
        return cls(**data | {"prediction": Prediction(**found) if found else None, "error": from_json(data["error"])})


@dataclass(frozen=True)
class Mattered:
    """What mattered for the answer to one input: see `engine.modalities.occlusions`."""

    values: dict[str, Any]
    """Contents of the prediction."""
    parts: list[dict[str, Any]]
    """What was hidden, in the form of its modality."""
    effects: list[float]
    """What the answer loses without each part: probability of the class, or the value itself; below zero where it gains."""
    given: np.ndarray | None = None
    """The input as the network got it, where it is numbers: nobody else decodes the file again."""


def _layers(rows: list[dict[str, Any]]) -> Iterator[Layer]:
    for row in rows:
        yield Layer(**row | {"output_shape": tuple(row["output_shape"])})


def _fold(group: str, layers: list[Layer]) -> Layer:
    if len(layers) == 1:
        return layers[0]
    return Layer(
        name=group,
        kind=f"{len(layers)} layers",
        output_shape=layers[-1].output_shape,
        parameters=sum(layer.parameters for layer in layers),
        trainable=any(layer.trainable for layer in layers),
        group=group,
    )
