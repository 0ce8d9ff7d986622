"""Copy a picture through a narrow place: no targets at all, and a picture as the answer."""

import base64
from typing import Any, ClassVar

import numpy as np

from engine.data_info import DataInfo
from engine.datasets.base import Examples, UnsplitDataset, datasets
from engine.metrics import Metric
from engine.targets import Nothing, Stored, Targets
from engine.tasks.base import Prediction, Task, tasks

DISTANCE = Metric("distance", "Squared distance", maximize=False)
SIDE = 8


@tasks.register("copying", "Copying")
class Copying(Task):
    """Give back the picture that was given."""

    modality: ClassVar[str] = "image"
    targets: ClassVar[Targets] = Nothing()
    prediction: ClassVar[str] = "picture"
    metrics: ClassVar[tuple[Metric, ...]] = (DISTANCE,)

    def head(self, x: Any, info: DataInfo) -> Any:
        """(batch, units) -> (batch, height, width, channels) from 0 to 1."""
        from keras import layers

        flat = layers.Dense(int(np.prod(info.shape)), activation="sigmoid", dtype="float32", name="pixels")(x)
        return layers.Reshape(info.shape, dtype="float32", name="scores")(flat)

    def final(self, scores: Any) -> Any:
        """As they are."""
        from keras import layers

        return layers.Identity(dtype="float32", name="picture")(scores)

    def network(self, inputs: Any, outputs: Any, name: str) -> Any:
        """A model with a loss of its own: nothing but the inputs is needed."""
        import keras

        class Copier(keras.Model):  # type: ignore[misc]  # Keras has no types
            """Compares what comes out with what went in."""

            def compute_loss(self, x: Any = None, y: Any = None, y_pred: Any = None, *_more: Any, **_named: Any) -> Any:
                return keras.ops.mean(keras.ops.square(y_pred - x / 255.0))

        return Copier(inputs, outputs, name=name)

    def compile_options(self, info: DataInfo) -> dict[str, Any]:
        """The model has its loss."""
        return {}

    def truth(self, inputs: np.ndarray, targets: Stored) -> Stored:
        """The pictures themselves, from 0 to 1."""
        return inputs.astype(np.float32) / 255

    @classmethod
    def example_scores(cls, outputs: Any, targets: Any) -> dict[str, np.ndarray]:
        """Mean squared difference of the pixels."""
        return {"distance": np.square(outputs - targets).reshape(len(outputs), -1).mean(axis=1)}

    def predictions(self, outputs: Any, info: DataInfo) -> list[Prediction]:
        """The pixels as bytes, in base64."""
        pixels = np.clip(np.rint(outputs * 255), 0, 255).astype(np.uint8)
        return [Prediction("picture", {"pixels": base64.b64encode(row.tobytes()).decode()}) for row in pixels]


@datasets.register("stripes", "Stripes")
class Stripes(UnsplitDataset):
    """Pictures with one bright stripe."""

    tasks: ClassVar[tuple[str, ...]] = ("copying",)
    source: ClassVar[str] = "Made here"
    licence: ClassVar[str] = "CC0-1.0"
    limits: ClassVar[str] = "It is made up."
    suggested: ClassVar[dict[str, Any]] = {"model": "mlp"}

    def fingerprint(self) -> str:
        """They never change."""
        return "1"

    def load(self) -> Examples:
        """200 pictures (8, 8, 1)."""
        rng = np.random.default_rng(0)
        pictures = rng.integers(0, 20, (200, SIDE, SIDE, 1)).astype(np.uint8)
        for picture, place, upright in zip(pictures, rng.integers(0, SIDE, 200), rng.random(200) < 0.5, strict=True):
            picture[(slice(None), place) if upright else place] = 250
        return Examples(pictures, None)
