"""Previews of augmented training examples, as images."""

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from engine.augmentations.base import Augmentation
from engine.errors import TrainyardError
from engine.preparation.prepare import PreparedDataset, prepare
from engine.runs import RunSpec
from engine.settings import settings
from engine.training.features import learn

VARIANTS = 3
"""Augmented pictures of each example."""


def preview_augmentation(values: dict[str, Any], count: int = 8) -> list[tuple[bytes, list[bytes]]]:
    """`count` random training examples as PNG, each with `VARIANTS` augmented ones: the same for the same values.

    `values` as `RunSpec.build` takes them. Where no augmentation is on, there are no variants.
    """
    spec = RunSpec.build(values)
    if spec.augmentation is None:
        raise TrainyardError(
            "Task {task!r} does not have images to augment, so there is no preview.", task=spec.task.name
        )
    if not 1 <= count <= settings().max_predictions:
        raise TrainyardError(
            "A preview shows 1 to {max_predictions} examples, not {count}.",
            max_predictions=settings().max_predictions,
            count=count,
        )
    data, seed = prepare(spec.dataset), spec.training.seed
    where = data.indices("train")
    chosen = np.sort(np.random.default_rng(seed).permutation(where)[:count])
    keras.utils.set_random_seed(seed)
    show = _features if spec.augmentation.on_features else _raw
    first, *rounds = show(np.asarray(data.inputs[chosen]), spec, data, spec.augmentation)
    return [(original, [pictures[i] for pictures in rounds]) for i, original in enumerate(first)]


def _raw(inputs: np.ndarray, spec: RunSpec, data: PreparedDataset, changes: Augmentation) -> Iterator[list[bytes]]:
    """PNGs of `inputs` (examples, ...) as they are, then `VARIANTS` times changed as in training."""
    yield data.modality.pictures(inputs)
    if changes.active():
        start = keras.Input(inputs.shape[1:])
        model = keras.Model(start, changes.apply(start, spec.training.seed))
        for _ in range(VARIANTS):
            yield data.modality.pictures(np.asarray(model(inputs, training=True)))


def _features(inputs: np.ndarray, spec: RunSpec, data: PreparedDataset, changes: Augmentation) -> Iterator[list[bytes]]:
    """PNGs of what the network sees of `inputs` (examples, ...), then of `VARIANTS` versions that training may draw."""
    info = learn(spec, data)
    start = keras.Input(info.shape, dtype=inputs.dtype.name)
    seen = spec.model.features(spec.model.preprocess(start, info))
    originals = np.asarray(keras.Model(start, seen)(inputs))
    yield data.modality.feature_pictures(originals, originals)
    if changes.active():
        model = keras.Model(start, changes.apply(seen, spec.training.seed))
        for copy in range(1, VARIANTS + 1):
            rng = np.random.default_rng([spec.training.seed, copy])
            varied = changes.vary(inputs, rng) if changes.copies > 1 else inputs
            yield data.modality.feature_pictures(np.asarray(model(varied, training=True)), originals)
