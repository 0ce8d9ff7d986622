"""A plug-in: short series of numbers in, an interval for the next number out, or a class. Neither pages nor engine know of it.

People can bring series of their own: a folder for each class, a file for each series.
"""

from typing import Annotated, Any, ClassVar

import numpy as np

from engine.data_info import DataInfo
from engine.datasets.base import Examples, UnsplitDataset, datasets
from engine.datasets.stored.base import REFERENCE_OR_NONE, OwnDataset
from engine.metrics import MAE, Metric
from engine.modalities.base import Modality, modalities
from engine.modalities.own import OwnKind
from engine.models.base import models
from engine.models.mlp import Mlp
from engine.sentences import Sentence
from engine.spec import Options
from engine.tasks.base import Prediction, Task, tasks
from engine.tasks.classification import Classification

LENGTH = 8
SHARES = (0.1, 0.5, 0.9)
"""The next number is below each of the three outputs with these probabilities."""


@tasks.register("interval", "Interval forecast")
class Interval(Task):
    """Tell where the next number of a series will lie."""

    modality: ClassVar[str] = "series"
    prediction: ClassVar[str] = "interval"
    metrics: ClassVar[tuple[Metric, ...]] = (MAE,)

    def head(self, x: Any, info: DataInfo) -> Any:
        """(batch, units) -> (batch, 3)."""
        from keras import layers

        return layers.Dense(len(SHARES), dtype="float32", name="scores")(x)

    def final(self, scores: Any) -> Any:
        """(batch, 3), in rising order."""
        from keras import layers

        return layers.Identity(dtype="float32", name="interval")(scores)

    def compile_options(self, info: DataInfo) -> dict[str, Any]:
        """Pinball loss."""
        from keras import ops

        def loss(targets: Any, scores: Any) -> Any:
            error, shares = targets - scores, np.float32(SHARES)
            return ops.mean(ops.maximum(shares * error, (shares - 1) * error), axis=-1)

        def mae(targets: Any, scores: Any) -> Any:
            return ops.abs(targets[:, 0] - scores[:, 1])

        return {"loss": loss, "metrics": [mae]}

    def encode_targets(self, targets: Any, info: DataInfo) -> Any:
        """(batch,) -> (batch, 1) float32."""
        import tensorflow as tf

        return tf.cast(targets, tf.float32)[:, None]

    def evaluate(self, outputs: np.ndarray, targets: np.ndarray, info: DataInfo) -> dict[str, Any]:
        """Mean absolute error of the middle."""
        return {"metrics": {"mae": float(np.abs(outputs[:, 1] - targets).mean())}}

    def predictions(self, outputs: np.ndarray, info: DataInfo) -> list[Prediction]:
        """The three values."""
        return [
            Prediction("interval", dict(zip(("low", "middle", "high"), map(float, row), strict=True)))
            for row in outputs
        ]


@datasets.register("waves", "Waves")
class Waves(UnsplitDataset):
    """Noisy waves, eight numbers each, and the ninth."""

    tasks: ClassVar[tuple[str, ...]] = ("interval",)
    embedded: ClassVar[bool] = True
    source: ClassVar[str] = "Made here"
    licence: ClassVar[str] = "CC0-1.0"
    limits: ClassVar[str] = "It is made up."

    def fingerprint(self) -> str:
        """They never change."""
        return "1"

    def load(self) -> Examples:
        """300 series, (8,) float32."""
        rng = np.random.default_rng(0)
        times = rng.uniform(0, 6, (300, 1)) + np.arange(LENGTH + 1) * 0.5
        values = (np.sin(times) + rng.normal(0, 0.05, times.shape)).astype(np.float32)
        return Examples(values[:, :LENGTH], values[:, LENGTH].astype(np.float64), ())


@models.register("series-mlp", "Perceptron for series")
class SeriesMlp(Mlp):
    """Dense layers."""

    modalities: ClassVar[tuple[str, ...]] = ("series",)


@modalities.register("series", "Series")
class Series(Modality):
    """Some numbers, one after the other."""

    own = OwnKind(
        "series",
        "Series",
        Sentence("series"),
        "my-waves",
        "series",
        endings=(".series",),
        task="series-classification",
    )

    def expected(self, info: DataInfo) -> str:
        """Return how many numbers are expected."""
        return f"{info.shape[0]} numbers between commas"


@tasks.register("series-classification", "Series classification")
class SeriesClassification(Classification):
    """Tell which class a series belongs to."""

    modality: ClassVar[str] = "series"


@datasets.register("my-waves", "My waves")
class MySeries(OwnDataset):
    """Series of your own."""

    tasks: ClassVar[tuple[str, ...]] = ("series-classification",)
    kind: ClassVar[str] = "series"
    licence: ClassVar[str] = "That of the series"
    limits: ClassVar[str] = "The score holds for series like these."

    series: Annotated[str, Options("series"), REFERENCE_OR_NONE] = ""
    """Which imported set of series."""
