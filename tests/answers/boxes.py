"""Find one rectangle in noise: a box as target, and an augmentation that moves it with its picture."""

from typing import Any, ClassVar

import numpy as np

from engine.data_info import DataInfo
from engine.datasets.base import Examples, UnsplitDataset, datasets
from engine.metrics import Metric
from engine.targets import Arrays, Targets
from engine.tasks.base import Prediction, Task, tasks

IOU = Metric("iou", "Intersection over union", share=True)
SIDE = 16


@tasks.register("one-box", "One box")
class OneBox(Task):
    """Tell where the rectangle is: left, top, right, bottom, from 0 to 1."""

    modality: ClassVar[str] = "image"
    targets: ClassVar[Targets] = Arrays()
    prediction: ClassVar[str] = "box"
    metrics: ClassVar[tuple[Metric, ...]] = (IOU,)
    moved_targets: ClassVar[bool] = True

    def head(self, x: Any, info: DataInfo) -> Any:
        """(batch, units) -> (batch, 4)."""
        from keras import layers

        return layers.Dense(4, activation="sigmoid", dtype="float32", name="scores")(x)

    def final(self, scores: Any) -> Any:
        """As they are."""
        from keras import layers

        return layers.Identity(dtype="float32", name="box")(scores)

    def compile_options(self, info: DataInfo) -> dict[str, Any]:
        """Mean absolute error of the four sides."""
        return {"loss": "mae"}

    def move(self, targets: Any, transforms: Any, info: DataInfo) -> Any:
        """The smallest boxes around the moved corners."""
        import tensorflow as tf

        left, top, right, bottom = tf.unstack(tf.cast(targets, tf.float32), axis=1)
        one = tf.ones_like(left)
        corners = tf.stack([tf.stack([x, y, one], 1) for x in (left, right) for y in (top, bottom)], 2)
        moved = (transforms @ corners)[:, :2]  # (batch, x and y, corners)
        found = tf.concat([tf.reduce_min(moved, 2), tf.reduce_max(moved, 2)], 1)
        return tf.clip_by_value(found, 0.0, 1.0)

    @classmethod
    def example_scores(cls, outputs: Any, targets: Any) -> dict[str, np.ndarray]:
        """Shared area over joint area."""
        low, high = np.maximum(outputs[:, :2], targets[:, :2]), np.minimum(outputs[:, 2:], targets[:, 2:])
        shared = np.prod(np.clip(high - low, 0, None), axis=1)
        areas = [np.prod(np.clip(box[:, 2:] - box[:, :2], 0, None), axis=1) for box in (outputs, targets)]
        return {"iou": shared / np.maximum(areas[0] + areas[1] - shared, 1e-9)}

    def describe(self, target: Any, info: DataInfo) -> str:
        """Four numbers."""
        return " ".join(f"{side:.2f}" for side in target)

    def predictions(self, outputs: Any, info: DataInfo) -> list[Prediction]:
        """The four sides by name."""
        names = ("left", "top", "right", "bottom")
        return [Prediction("box", dict(zip(names, map(float, row), strict=True))) for row in outputs]


@datasets.register("rectangles", "Rectangles in noise")
class Rectangles(UnsplitDataset):
    """Grey noise with one white rectangle in each picture."""

    tasks: ClassVar[tuple[str, ...]] = ("one-box",)
    source: ClassVar[str] = "Made here"
    licence: ClassVar[str] = "CC0-1.0"
    limits: ClassVar[str] = "It is made up."
    suggested: ClassVar[dict[str, Any]] = {"model": "mlp"}

    def fingerprint(self) -> str:
        """They never change."""
        return "1"

    def load(self) -> Examples:
        """400 pictures (16, 16, 1) and their boxes (4,)."""
        rng = np.random.default_rng(0)
        pictures = rng.integers(0, 80, (400, SIDE, SIDE, 1)).astype(np.uint8)
        low = rng.integers(0, SIDE - 6, (400, 2))
        high = low + rng.integers(4, 7, (400, 2))
        for picture, (left, top), (right, bottom) in zip(pictures, low, high, strict=True):
            picture[top:bottom, left:right] = 255
        return Examples(pictures, (np.concatenate([low, high], axis=1) / SIDE).astype(np.float32))
