"""Features of a frozen backbone, computed once for a dataset and kept: training then costs only the top."""

import hashlib
import json
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from engine.datasets.prepare import PreparedDataset, Split
from engine.files import write_text
from engine.models.base import Model
from engine.runs import RunSpec
from engine.tasks.base import DataInfo
from engine.training.checkpoint import write_arrays
from engine.training.network import Network

logger = logging.getLogger(__name__)

_BATCH = 32
_CHUNK = 256  # between two of these a stop is obeyed


def learn(spec: RunSpec, data: PreparedDataset) -> DataInfo:
    """What networks are told of the data: with what the model learns from the training split, once for each dataset.

    Kept beside the prepared dataset, under a name that changes with the model's settings. For a model that learns
    nothing the split is not even read: somebody waits for the first point.
    """
    if type(spec.model).learn is Model.learn:
        return data.info
    path = data.path / f"learned-{_key(spec.model.to_dict())}.json"
    if not path.is_file():
        learned = spec.model.learn(data.arrays("train")[0], data.info)
        write_text(path, json.dumps(learned, ensure_ascii=False))
    return replace(data.info, learned=json.loads(path.read_text()))


def frozen_features(
    network: Network, spec: RunSpec, data: PreparedDataset, split: Split, obey: Callable[[], None] = lambda: None
) -> tuple[np.ndarray, np.ndarray]:
    """What the trained network takes for one split: raw inputs, or the frozen backbone's features of them.

    Features are cached beside the prepared dataset, under a name that changes with the model's preprocessing. `obey`
    is called between batches, and raises when it is time to leave.
    """
    inputs, targets = data.arrays(split)
    if network.features is None:
        return inputs, targets
    key = _key([spec.model.to_dict(), network.features.count_params()])
    path = data.path / f"features-{key}-{split}.npz"
    if path.is_file():
        with np.load(path) as file:
            return file["features"], targets
    logger.info("Computing the frozen features of %s %s examples once.", len(inputs), split)
    parts = []
    for start in range(0, len(inputs), _CHUNK):
        obey()
        # `predict` runs a graph: called eagerly, the model would hold every layer's output until the last one is done
        parts.append(network.features.predict(inputs[start : start + _CHUNK], batch_size=_BATCH, verbose=0))
    features = np.concatenate(parts)
    write_arrays(path, {"features": features})
    return features, targets


def _key(values: Any) -> str:
    """A name for files that depend on `values`."""
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()[:16]
