"""A number for each example, in the unit of the target."""

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np

from engine.data_info import DataInfo
from engine.errors import TrainyardError
from engine.evaluation.values import evaluate_values, value_scores
from engine.metrics import MAE, R2, RMSE, Metric
from engine.spec import ADVANCED, FORKABLE
from engine.tasks.base import Prediction, Task
from engine.tasks.contents import Contents, Value

if TYPE_CHECKING:
    import keras

_SKEWED = 1.5
"""Skewness above which a target counts as skewed: half-way between a bell and an exponential distribution there is little to gain."""
_LARGEST_LOGARITHM = 80.0  # the exponential of more is infinite in 32 bits
_MARGIN = 0.05
"""Share of the range of the training targets by which a value may lie outside of it without a word."""


class Regression(Task):
    """Base of the tasks that predict one number."""

    baselines: ClassVar[bool] = True
    prediction: ClassVar[str] = "value"
    contents: ClassVar[type[Contents]] = Value
    metrics: ClassVar[tuple[Metric, ...]] = (R2, RMSE, MAE)
    occludes: ClassVar[bool] = True
    objective: ClassVar[str] = "val_rmse"

    loss: Annotated[Literal["mean-squared-error", "mean-absolute-error", "huber"], ADVANCED, FORKABLE] = (
        "mean-squared-error"
    )
    r"""Quantity that training minimises; $e$ is the error in standard deviations of the target. Mean squared error: $e^2$.
    Mean absolute error: $|e|$, less affected by outliers. Huber: $e^2/2$ up to 1, then $|e| - 1/2$."""
    target_scale: Annotated[Literal["auto", "linear", "logarithm"], ADVANCED] = "auto"
    """The scale on which errors count while it trains. Logarithm: in proportion, so that a few large targets do not decide
    alone; all must be above zero. Auto takes it where that makes a skewed target even. Metrics always have the target's unit."""

    def learn(self, inputs: np.ndarray, targets: np.ndarray, info: DataInfo) -> dict[str, Any]:
        """Mean and standard deviation of the target: what the network sees is neither large nor far from zero.

        Where it counts by its logarithm, mean and deviation are of that, and `logarithm` says so.
        """
        scale = {}
        if self.target_scale == "logarithm" or (self.target_scale == "auto" and skewed(targets)):
            if targets.min() <= 0:
                raise TrainyardError(
                    "The target {target!r} has values of zero or below ({least:g}), which have no logarithm. Choose another "
                    "target scale.",
                    target=info.target,
                    least=targets.min(),
                )
            targets, scale = np.log(targets), {"logarithm": True}
        return {"mean": float(targets.mean()), "deviation": float(targets.std()) or 1.0} | scale

    def head(self, x: "keras.KerasTensor", info: DataInfo) -> "keras.KerasTensor":
        """(batch, units) -> (batch, 1), in the unit of the target."""
        from keras import layers, ops

        mean, deviation, logarithm = _scale(info)
        standardised = layers.Dense(1, dtype="float32", name="scores")(x)
        found = layers.Rescaling(deviation, offset=mean, dtype="float32", name="unit")(standardised)
        return ops.exp(ops.clip(found, -_LARGEST_LOGARITHM, _LARGEST_LOGARITHM)) if logarithm else found

    def final(self, scores: "keras.KerasTensor") -> "keras.KerasTensor":
        """(batch, 1), as they are."""
        from keras import layers

        return layers.Identity(dtype="float32", name="value")(scores)

    def even_targets(self, targets: np.ndarray, info: DataInfo) -> np.ndarray:
        """Return their logarithm where training counts by it."""
        return _even(targets, info)

    def raw_scores(self, raw: np.ndarray, info: DataInfo) -> np.ndarray:
        """Return values (examples, 1) in the unit of the target."""
        return np.exp(raw.clip(-_LARGEST_LOGARITHM, _LARGEST_LOGARITHM)) if _scale(info)[2] else raw

    def compile_options(self, info: DataInfo) -> dict[str, Any]:
        """The chosen loss on the error in standard deviations; R², RMSE and MAE in the unit of the target."""
        import keras
        from keras import ops

        _, deviation, logarithm = _scale(info)
        measure: Any = {
            "mean-squared-error": keras.losses.mean_squared_error,
            "mean-absolute-error": keras.losses.mean_absolute_error,
            "huber": keras.losses.huber,
        }[self.loss]

        def loss(targets: Any, scores: Any) -> Any:
            return measure(targets / deviation, scores / deviation)

        def loss_of_logarithms(targets: Any, scores: Any) -> Any:
            return measure(ops.log(targets) / deviation, ops.log(scores) / deviation)

        metrics = [
            keras.metrics.R2Score(name="r2"),
            keras.metrics.RootMeanSquaredError("rmse"),
            keras.metrics.MeanAbsoluteError("mae"),
        ]
        return {"loss": loss_of_logarithms if logarithm else loss, "metrics": metrics}

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

    def effects(self, outputs: np.ndarray) -> np.ndarray:
        """Return by how much the value falls."""
        lost: np.ndarray = outputs[0, 0] - outputs[1:, 0]
        return lost

    def nonconformity(self, outputs: np.ndarray, targets: np.ndarray, info: DataInfo) -> np.ndarray | None:
        """Return the absolute error; that of the logarithm where training counts by it: errors then grow with the target."""
        errors: np.ndarray = np.abs(_even(outputs[:, 0], info) - _even(targets, info))
        return errors

    def interval(self, outputs: np.ndarray, radius: float, info: DataInfo) -> np.ndarray:
        """Return the value less and plus the radius; divided by and times its exponential on the scale of logarithms."""
        around: np.ndarray = _even(outputs[:, 0], info)[:, None] + np.array([-radius, radius])
        return np.exp(around) if _scale(info)[2] else around

    def describe(self, target: Any, info: DataInfo) -> str:
        """Return the number with six digits."""
        return f"{target:,.6g}"

    def heights(self, outputs: np.ndarray, info: DataInfo) -> np.ndarray:
        """The values."""
        return outputs[:, 0]

    def predictions(self, outputs: np.ndarray, info: DataInfo) -> list[Prediction]:
        """The value for each row; `outside` has the range of the training targets where it lies well outside of it."""
        return [
            Prediction("value", {"value": value, "target": info.target} | _outside(value, info))
            for value in map(float, outputs[:, 0])
        ]


def skewed(targets: np.ndarray) -> bool:
    """Return whether the logarithm of `targets` (examples,) is much more even than they are."""
    if targets.min() <= 0:
        return False
    before = _skewness(targets)
    return before > _SKEWED and abs(_skewness(np.log(targets))) < before / 2


def _skewness(values: np.ndarray) -> float:
    """Return the third standardised moment: 0 for a symmetric distribution, 2 for an exponential one."""
    deviation = float(values.std())
    return float((((values - values.mean()) / deviation) ** 3).mean()) if deviation else 0.0


def _scale(info: DataInfo) -> tuple[float, float, bool]:
    """Return mean and standard deviation of what the network learns, and whether that is the target's logarithm."""
    learned = info.learned.get("targets", {})
    return learned.get("mean", 0.0), learned.get("deviation", 1.0), learned.get("logarithm", False)


def _even(values: np.ndarray, info: DataInfo) -> np.ndarray:
    """Return numbers on the scale on which errors count."""
    exact = np.asarray(values, np.float64)
    return np.log(exact) if _scale(info)[2] else exact


def _outside(value: float, info: DataInfo) -> dict[str, Any]:
    if info.target_range is None:
        return {}
    least, largest = info.target_range
    margin = _MARGIN * (largest - least)
    return {} if least - margin <= value <= largest + margin else {"outside": [least, largest]}
