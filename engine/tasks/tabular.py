"""Rows of tables in: one label or one number out."""

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np

from engine.data_info import DataInfo
from engine.evaluation.values import evaluate_values, value_scores
from engine.metrics import MAE, R2, RMSE, Metric
from engine.spec import ADVANCED, FORKABLE
from engine.tasks.base import Prediction, Task, tasks
from engine.tasks.classification import Classification
from engine.tasks.contents import Contents, Value

if TYPE_CHECKING:
    import keras

_TEXTBOOK = {"units": 64, "depth": 2, "narrowing": True, "epochs": 100, "batch_size": 32, "patience": 15}


@tasks.register("tabular-classification", "Table classification")
class TabularClassification(Classification):
    """Predict the class of a row of a table."""

    modality: ClassVar[str] = "table"
    objective: ClassVar[str] = "val_cross_entropy"
    """Select by cross-entropy: on a dozen validation rows, accuracy soon stays at a round number."""
    suggested: ClassVar[dict[str, Any]] = _TEXTBOOK

    def compile_options(self, info: DataInfo) -> dict[str, Any]:
        """Beside the accuracy the cross-entropy, whatever the loss is: without weight penalties or smoothing."""
        import keras

        options = super().compile_options(info)
        options["metrics"].append(keras.metrics.CategoricalCrossentropy("cross_entropy", from_logits=True))
        return options


@tasks.register("tabular-regression", "Table regression")
class TabularRegression(Task):
    """Predict a number from the other columns of its row."""

    modality: ClassVar[str] = "table"
    baselines: ClassVar[bool] = True
    prediction: ClassVar[str] = "value"
    contents: ClassVar[type[Contents]] = Value
    metrics: ClassVar[tuple[Metric, ...]] = (R2, RMSE, MAE)
    objective: ClassVar[str] = "val_rmse"
    suggested: ClassVar[dict[str, Any]] = _TEXTBOOK

    loss: Annotated[Literal["mean-squared-error", "mean-absolute-error", "huber"], ADVANCED, FORKABLE] = (
        "mean-squared-error"
    )
    r"""Quantity that training minimises; $e$ is the error in standard deviations of the target. Mean squared error: $e^2$.
    Mean absolute error: $|e|$, less affected by outliers. Huber: $e^2/2$ up to 1, then $|e| - 1/2$."""

    def learn(self, targets: np.ndarray, info: DataInfo) -> dict[str, Any]:
        """Mean and standard deviation of the target: what the network sees is neither large nor far from zero."""
        return {"mean": float(targets.mean()), "deviation": float(targets.std()) or 1.0}

    def head(self, x: "keras.KerasTensor", info: DataInfo) -> "keras.KerasTensor":
        """(batch, units) -> (batch, 1), in the unit of the target."""
        from keras import layers

        mean, deviation = _scale(info)
        standardised = layers.Dense(1, dtype="float32", name="scores")(x)
        return layers.Rescaling(deviation, offset=mean, dtype="float32", name="unit")(standardised)

    def final(self, scores: "keras.KerasTensor") -> "keras.KerasTensor":
        """(batch, 1), as they are."""
        from keras import layers

        return layers.Identity(dtype="float32", name="value")(scores)

    def compile_options(self, info: DataInfo) -> dict[str, Any]:
        """The chosen loss on the error in standard deviations; R², RMSE and MAE in the unit of the target."""
        import keras

        _, deviation = _scale(info)
        measure: Any = {
            "mean-squared-error": keras.losses.mean_squared_error,
            "mean-absolute-error": keras.losses.mean_absolute_error,
            "huber": keras.losses.huber,
        }[self.loss]

        def loss(targets: Any, scores: Any) -> Any:
            return measure(targets / deviation, scores / deviation)

        metrics = [
            keras.metrics.R2Score(name="r2"),
            keras.metrics.RootMeanSquaredError("rmse"),
            keras.metrics.MeanAbsoluteError("mae"),
        ]
        return {"loss": loss, "metrics": metrics}

    def encode_targets(self, targets: Any, info: DataInfo) -> Any:
        """(batch,) float64 -> (batch, 1) float32."""
        import tensorflow as tf

        return tf.cast(targets, tf.float32)[:, None]

    def evaluate(self, outputs: np.ndarray, targets: np.ndarray, info: DataInfo) -> dict[str, Any]:
        """Mean absolute and root mean squared error, R², and what became of single rows, in the unit of the target."""
        return evaluate_values(outputs, targets, info.target)

    def guess(self, targets: np.ndarray, count: int, info: DataInfo) -> tuple[str, np.ndarray] | None:
        """The mean."""
        mean = float(targets.mean())
        return f"{mean:.6g}", np.full((count, 1), mean)

    @classmethod
    def example_scores(cls, outputs: np.ndarray, targets: np.ndarray) -> dict[str, np.ndarray]:
        """Squared and absolute errors, in the unit of the target."""
        return value_scores(outputs, targets)

    def describe(self, target: Any, info: DataInfo) -> str:
        """Return the number with six digits."""
        return f"{target:,.6g}"

    def predictions(self, outputs: np.ndarray, info: DataInfo) -> list[Prediction]:
        """The value for each row."""
        return [Prediction("value", {"value": float(row[0]), "target": info.target}) for row in outputs]


def _scale(info: DataInfo) -> tuple[float, float]:
    learned = info.learned.get("targets", {})
    return learned.get("mean", 0.0), learned.get("deviation", 1.0)
