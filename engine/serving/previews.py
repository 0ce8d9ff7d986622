"""What augmentation does to training examples, as pictures."""

import io
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
from PIL import Image

from engine.errors import TrainyardError
from engine.modalities.spectrograms import spectrogram_png
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
    if spec.augmentation is None or spec.task.modality not in _CHANGES:
        raise TrainyardError("Task {task!r} has no pictures to augment; there is no preview.", task=spec.task.name)
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
    first, *rounds = _CHANGES[spec.task.modality](np.asarray(data.inputs[chosen]), spec, data)
    return [(original, [pictures[i] for pictures in rounds]) for i, original in enumerate(first)]


def _images(images: np.ndarray, spec: RunSpec, data: PreparedDataset) -> Iterator[list[bytes]]:
    """`images` (examples, height, width, channels) as they are, then `VARIANTS` times changed as in training."""
    yield [_png(image) for image in images]
    if spec.augmentation is not None and spec.augmentation.active():
        start = keras.Input(images.shape[1:])
        model = keras.Model(start, spec.augmentation.apply(start, spec.training.seed))
        for _ in range(VARIANTS):
            yield [_png(image) for image in np.asarray(model(images, training=True))]


def _clips(clips: np.ndarray, spec: RunSpec, data: PreparedDataset) -> Iterator[list[bytes]]:
    """`clips` (examples, samples) as the network sees them, then `VARIANTS` versions that training may draw."""
    info = learn(spec, data)
    start = keras.Input(info.shape, dtype="int16")
    seen = spec.model.features(spec.model.preprocess(start, info))
    originals = np.asarray(keras.Model(start, seen)(clips))
    low, high = originals.min(axis=(1, 2), keepdims=True), originals.max(axis=(1, 2), keepdims=True)

    def pictures(features: np.ndarray) -> list[bytes]:
        return [spectrogram_png(one) for one in (features - low) / np.maximum(high - low, 1e-6)]

    yield pictures(originals)
    changes = spec.augmentation
    if changes is not None and changes.active():
        model = keras.Model(start, changes.apply(seen, spec.training.seed))
        for copy in range(1, VARIANTS + 1):
            rng = np.random.default_rng([spec.training.seed, copy])
            varied = changes.vary(clips, rng) if changes.copies > 1 else clips
            yield pictures(np.asarray(model(varied, training=True)))


_CHANGES: dict[str, Callable[[np.ndarray, RunSpec, PreparedDataset], Iterator[list[bytes]]]] = {
    "image": _images,
    "audio": _clips,
}
"""By modality: from raw inputs to PNGs, first of the originals, then of as many rounds of variants as there are."""


def _png(image: np.ndarray) -> bytes:
    """(height, width, 1 or 3) 0..255 -> PNG."""
    pixels = np.clip(np.rint(image), 0, 255).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels).save(buffer, format="PNG")
    return buffer.getvalue()
