"""Features of a frozen backbone, computed once for a dataset and kept: training then costs only the top."""

import hashlib
import json
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from engine.datasets.prepare import PreparedDataset, Split
from engine.runs import RunSpec
from engine.settings import settings
from engine.tasks.base import DataInfo, Task
from engine.training.checkpoint import write_arrays
from engine.training.evaluate import write_text
from engine.training.network import Network
from engine.training.tensors import as_tensors

logger = logging.getLogger(__name__)

_BATCH = 32
_CHUNK = 256  # between two of these a stop is obeyed


def learn(spec: RunSpec, data: PreparedDataset) -> DataInfo:
    """What networks are told of the data: with what model and task learn from the training split, once for each dataset.

    Kept beside the prepared dataset, under a name that changes with their settings. Where nothing is learned the split
    is not even read: somebody waits for the first point.
    """
    if not spec.model.learns(data.info) and type(spec.task).learn is Task.learn:
        return data.info
    limits = [settings().max_category_values] if data.info.columns else []
    path = data.path / f"learned-{_key([spec.model.to_dict(), spec.task.to_dict(), *limits])}.json"
    if not path.is_file():
        inputs, targets = data.arrays("train")
        learned = spec.model.learn(inputs, data.info)
        if scale := spec.task.learn(targets, data.info):
            learned |= {"targets": scale}
        write_text(path, json.dumps(learned, ensure_ascii=False))
    return replace(data.info, learned=json.loads(path.read_text(encoding="utf-8")))


def frozen_features(
    network: Network, spec: RunSpec, data: PreparedDataset, split: Split, obey: Callable[[], None] = lambda: None
) -> tuple[np.ndarray, np.ndarray]:
    """What the trained network takes for one split, and its targets: raw inputs, or the frozen part's features of them.

    Where the augmentation makes copies of the training split there are as many times the features, one whole copy
    after the other. Features are cached beside the prepared dataset, under a name that changes with all that they
    depend on. `obey` is called between batches, and raises when it is time to leave.
    """
    if network.features is None:
        return data.arrays(split)
    varied = spec.augmentation if split == "train" and spec.augmentation and spec.augmentation.copies > 1 else None
    changes = [varied.to_dict(), spec.training.seed] if varied else []
    size = [network.features.count_params(), network.features.output_shape]
    key = _key([spec.model.to_dict(), *size, *changes])
    path = data.path / f"features-{key}-{split}.npz"
    if path.is_file():
        with np.load(path) as file:
            return file["features"], data.targets[data.indices(split)]
    inputs, targets = data.arrays(split)
    logger.info("Computing the frozen features of %s %s examples once.", len(inputs), split)
    parts = []
    for copy in range(varied.copies if varied else 1):
        rng = np.random.default_rng([spec.training.seed, copy])
        for start in range(0, len(inputs), _CHUNK):
            obey()
            chunk = inputs[start : start + _CHUNK]
            raw = varied.vary(chunk, rng) if varied and copy else chunk
            # `predict` runs a graph: called eagerly, the model would hold every layer's output until the last one is done
            parts.append(network.features.predict(as_tensors(raw), batch_size=_BATCH, verbose=0))
    features = _joined(parts)
    write_arrays(path, {"features": features})
    return features, targets


def _joined(parts: list[np.ndarray]) -> np.ndarray:
    """Chunks as one array: those of sequences differ in length, and get zeros at their end."""
    if len({part.shape[1:] for part in parts}) > 1:
        longest = max(part.shape[1] for part in parts)
        parts = [np.pad(p, [(0, 0), (0, longest - p.shape[1])] + [(0, 0)] * (p.ndim - 2)) for p in parts]
    return np.concatenate(parts)


def _key(values: Any) -> str:
    """A name for files that depend on `values`."""
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()[:16]
