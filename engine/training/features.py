"""Features of a frozen backbone, computed once for a dataset and kept: training then costs only the top."""

import hashlib
import itertools
import json
import logging
import math
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from engine.augmentations.base import Augmentation
from engine.data_info import DataInfo
from engine.preparation import learned
from engine.preparation.prepare import PreparedDataset, Split
from engine.runs import RunSpec
from engine.settings import settings
from engine.tasks.base import Task
from engine.training.network import Network
from engine.training.tensors import predict

logger = logging.getLogger(__name__)

_BATCH = 32
_CHUNK = 256  # between two of these a stop is obeyed


def learn(spec: RunSpec, data: PreparedDataset) -> DataInfo:
    """Return what model and task of a run learn from the training split: see `engine.preparation.learned`."""
    return learned.learn(spec.model, spec.task, data)


def frozen_features(
    network: Network,
    spec: RunSpec,
    data: PreparedDataset,
    split: Split,
    obey: Callable[[], None] = lambda: None,
    weights: str = "",
    told: Callable[[float], None] = lambda _share: None,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the inputs of the trained network for one split, and its targets: raw inputs, or the frozen part's features.

    Where the augmentation makes copies of the training split there are as many times the features, one whole copy
    after the other. Features are cached beside the prepared dataset, under a name that changes with everything that they
    depend on, and memory-mapped. Between batches, `obey` raises when it is time to leave, and `told` is given the share
    that is done. `weights` distinguishes frozen parts that differ from their initial state.
    """
    if spec.task.encodes:
        return spec.task.encode(*data.arrays(split), learn(spec, data))
    if network.features is None:
        inputs, targets = data.arrays(split)
        return inputs, _targets(spec, data, targets)
    varied = spec.augmentation if split == "train" and spec.augmentation and spec.augmentation.copies > 1 else None
    where = data.indices(split)
    copies = copies_within_budget(varied, network.features.output_shape[1:], len(where)) if varied else 1
    changes = [varied.model_dump(include=set(varied.made_once)), copies, spec.training.seed] if varied else []
    size = [network.features.count_params(), network.features.output_shape]
    key = _key([spec.model.to_dict(), *size, *changes, *([weights] if weights else [])])
    path = data.path / f"features-{key}-{split}.npy"
    if not path.is_file():
        logger.info("Computing the frozen features of %s %s examples once, %s times.", len(where), split, copies)
        parts = _parts(network.features, data, where, varied, copies, spec.training.seed, obey, told)
        _store(path, parts, None if None in network.features.output_shape[1:] else copies * len(where))
    return np.load(path, mmap_mode="r"), _targets(spec, data, data.targets[where])


def _targets(spec: RunSpec, data: PreparedDataset, targets: Any) -> Any:
    """Return targets as the task feeds them."""
    if type(spec.task).encode_stored is Task.encode_stored:
        return targets
    return spec.task.encode_stored(targets, learn(spec, data))


def copies_within_budget(varied: Augmentation, shape: tuple[int | None, ...], examples: int) -> int:
    """Return how many versions there are: as many as requested, where `max_versions_mb` has room for them."""
    size = examples * math.prod(length or 1 for length in shape) * np.dtype(np.float32).itemsize
    copies = max(1, min(varied.copies, settings().max_versions_mb * 1_000_000 // max(size, 1)))
    if copies < varied.copies:
        logger.warning(
            "%s versions of %s examples would take %.0f MB; TRAINYARD_MAX_VERSIONS_MB has room for %s.",
            varied.copies, examples, varied.copies * size / 1e6, copies,
        )  # fmt: skip
    return copies


def _parts(
    features: keras.Model,
    data: PreparedDataset,
    where: np.ndarray,
    varied: Augmentation | None,
    copies: int,
    seed: int,
    obey: Callable[[], None],
    told: Callable[[float], None],
) -> Iterator[np.ndarray]:
    """Yield the features of the examples `where`, some hundred at a time; the first copy is of the unchanged ones."""
    for copy in range(copies):
        rng = np.random.default_rng([seed, copy])
        for start in range(0, len(where), _CHUNK):
            obey()
            told((copy * len(where) + start) / (copies * len(where)))
            chunk = np.asarray(data.inputs[where[start : start + _CHUNK]])
            raw = varied.vary(chunk, rng) if varied and copy else chunk
            # `predict` runs a graph: called eagerly, the model would hold every layer's output until the last one is done
            found = predict(features, raw, _BATCH)
            # batches of sequences whose longest differ come as one ragged tensor
            yield found.to_tensor().numpy() if isinstance(found, tf.RaggedTensor) else found


def _store(path: Path, parts: Iterator[np.ndarray], examples: int | None) -> None:
    """Write `parts` as one array, atomically. Where all have one shape, the number of `examples` is known, and
    they are never in memory together."""
    first = next(parts)
    temporary = path.with_name(f"{path.stem}-{os.getpid()}.tmp")
    try:
        if examples is None:
            whole = _joined([first, *parts])
            np.lib.format.open_memmap(temporary, "w+", whole.dtype, whole.shape)[:] = whole
        else:
            file = np.lib.format.open_memmap(temporary, "w+", first.dtype, (examples, *first.shape[1:]))
            end = 0
            for part in itertools.chain([first], parts):
                file[end : end + len(part)] = part
                end += len(part)
            file.flush()
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _joined(parts: list[np.ndarray]) -> np.ndarray:
    """Return chunks as one array: those of sequences differ in length, and are padded with zeros."""
    if len({part.shape[1:] for part in parts}) > 1:
        longest = max(part.shape[1] for part in parts)
        parts = [np.pad(p, [(0, 0), (0, longest - p.shape[1])] + [(0, 0)] * (p.ndim - 2)) for p in parts]
    return np.concatenate(parts)


def _key(values: Any) -> str:
    """Return a name for files that depend on `values`."""
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()[:16]
