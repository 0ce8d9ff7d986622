"""Outputs of a loaded network and what they mean: typed predictions, with what is to be said of how far one can rely on them."""

from collections import ChainMap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from engine.data_info import DataInfo
from engine.modalities.table.given import unknown_categories
from engine.reliability.stored import Reliability
from engine.tasks.base import Prediction, Task


@dataclass(frozen=True)
class Signature:
    """Inputs and outputs of a loaded network: its task, its data, and the epoch of its weights."""

    task: Task
    info: DataInfo
    epoch: int | None = None
    """Epoch of its weights, while its run still trains."""
    reliability: Reliability = field(default_factory=Reliability)
    """What is known of how far its answers can be relied on."""


@dataclass(frozen=True)
class Outputs:
    """What the network says of some inputs."""

    rows: Any
    """(examples, ...)."""
    as_far: np.ndarray | None = None
    """(examples,) how many validation examples lie as far out as each input; None where they are not compared."""


def predictions_of(outputs: Outputs, inputs: Sequence[np.ndarray], signature: Signature) -> list[Prediction]:
    """Return a typed prediction for each row of `outputs`, with what is to be said of how far it can be relied on."""
    if not len(outputs.rows):
        return []
    made = signature.task.predictions(outputs.rows, signature.info)
    remarks = zip(made, *_remarks(outputs, inputs, signature), strict=True)
    return [replace(one, values=dict(ChainMap(one.values, *more))) if any(more) else one for one, *more in remarks]


def _remarks(
    outputs: Outputs, inputs: Sequence[np.ndarray], signature: Signature
) -> Iterator[Sequence[Mapping[str, Any]]]:
    """Yield by row: unknown categories of the input, how unlike the data it is, and an interval of the number."""
    task, info, known = signature.task, signature.info, signature.reliability
    if info.named("category"):
        unknown = [found for batch in inputs for found in unknown_categories(batch, info)]
        yield [{"unknown": found} if found else {} for found in unknown]
    if outputs.as_far is not None:
        yield [known.unlike(count) for count in outputs.as_far.tolist()]
    if known.radius is not None:
        intervals = task.interval(outputs.rows, known.radius, info).tolist()
        yield [{"interval": interval, "level": known.level} for interval in intervals]
