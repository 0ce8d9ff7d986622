"""What augmentation does to training examples, as pictures."""

import io
from typing import Any

import numpy as np
from PIL import Image

from engine.augmentations.base import Augmentation
from engine.datasets.prepare import prepare
from engine.errors import TrainyardError
from engine.runs import RunSpec
from engine.settings import settings

VARIANTS = 3
"""Augmented pictures of each example."""


def preview_augmentation(values: dict[str, Any], count: int = 8) -> list[tuple[bytes, list[bytes]]]:
    """`count` random training examples as PNG, each with `VARIANTS` augmented ones: the same for the same values.

    `values` as `RunSpec.build` takes them. Where no augmentation is on, there are no variants.
    """
    spec = RunSpec.build(values)
    if spec.task.modality != "image" or spec.augmentation is None:
        raise TrainyardError(f"Task {spec.task.name!r} has no pictures to augment; there is no preview.")
    if not 1 <= count <= settings().max_predictions:
        raise TrainyardError(f"A preview shows 1 to {settings().max_predictions} examples, not {count}.")
    data, seed = prepare(spec.dataset), spec.training.seed
    where = data.indices("train")
    chosen = np.sort(np.random.default_rng(seed).permutation(where)[:count])
    originals = np.asarray(data.inputs[chosen])
    rounds = _augment(originals, spec.augmentation, seed) if spec.augmentation.active() else []
    return [(_png(original), [_png(images[i]) for images in rounds]) for i, original in enumerate(originals)]


def _augment(images: np.ndarray, augmentation: Augmentation, seed: int) -> list[np.ndarray]:
    """`VARIANTS` times `images` (examples, height, width, channels), changed as in training."""
    import keras

    keras.utils.set_random_seed(seed)
    start = keras.Input(images.shape[1:])
    model = keras.Model(start, augmentation.apply(start, seed))
    return [np.asarray(model(images, training=True)) for _ in range(VARIANTS)]


def _png(image: np.ndarray) -> bytes:
    """(height, width, 1 or 3) 0..255 -> PNG."""
    pixels = np.clip(np.rint(image), 0, 255).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels).save(buffer, format="PNG")
    return buffer.getvalue()
