"""Forecasting: the next values of a series, with a band that says how sure they are."""

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np

from engine.data_info import DataInfo
from engine.evaluation.forecasts import BANDS, drift, evaluate_forecasts, forecast_scores, seasonal_naive
from engine.metrics import COVERAGE, MASE, SMAPE, Metric
from engine.modalities.time_series import last_value, timeline, window_scale
from engine.spec import FIXED
from engine.targets import Arrays, Stored, Targets
from engine.tasks.base import Answering, Call, Prediction, Simple, Task, tasks
from engine.tasks.contents import Contents, Forecast
from engine.tasks.graph import Tensors

if TYPE_CHECKING:
    import keras

LEVELS = (0.1, 0.5, 0.9)
"""Probabilities of lying below each of the three outputs."""
_LEAST_SCALE = 1e-6


@tasks.register("time-series-forecasting", "Time series forecasting")
class Forecasting(Task):
    """Tells the next values of a series from its past, and how sure they are.

    Targets are (horizon + 1,): the values, and the scale of their errors, which is by how much the series usually changes from
    one season to the next in the training split.
    """

    modality: ClassVar[str] = "time-series"
    targets: ClassVar[Targets] = Arrays()
    prediction: ClassVar[str] = "forecast"
    contents: ClassVar[type[Contents]] = Forecast
    metrics: ClassVar[tuple[Metric, ...]] = (MASE, SMAPE, COVERAGE)
    baselines: ClassVar[bool] = True
    objective: ClassVar[str] = "val_mase"
    suggested: ClassVar[dict[str, Any]] = {
        "epochs": 200,
        "batch_size": 32,
        "patience": 25,
        "learning_rate": 0.003,
        "units": 64,
        "dropout": 0.1,
    }

    forecast: Annotated[Literal["quantiles", "point"], FIXED] = "quantiles"
    r"""Quantiles: the median and a band with 80 % of the true values, by the pinball loss $\max(q e, (q - 1) e)$ of the error $e$
    for $q$ of 0.1, 0.5 and 0.9. Point: the median alone."""

    @property
    def levels(self) -> tuple[float, ...]:
        """Return the quantiles that are told."""
        return LEVELS if self.forecast == "quantiles" else (0.5,)

    # -- the network -------------------------------------------------------------------------------------------------

    def assemble(self, model: Any, info: DataInfo) -> Tensors:
        """Grid (batch, window + horizon, channels) -> (batch, horizon, quantiles), rising, in the unit of the target."""
        from keras import ops

        raw, inputs = self.inputs(info)
        frozen = model.features(model.preprocess(inputs, info))
        representation = model.body(frozen)
        found = self.head(representation, info) * window_scale(inputs, info) + last_value(inputs, info)
        if len(self.levels) > 1:
            found = ops.sort(found, axis=-1)
        return Tensors(raw, inputs, frozen, found, self.final(found), representation=representation)

    def head(self, x: "keras.KerasTensor", info: DataInfo) -> "keras.KerasTensor":
        """(batch, units) -> (batch, horizon, quantiles), measured from the last value in deviations of the window."""
        from keras import layers

        shape = (timeline(info).horizon, len(self.levels))
        flat = layers.Dense(shape[0] * shape[1], dtype="float32", name="scores")(x)
        return layers.Reshape(shape, dtype="float32", name="steps")(flat)

    def final(self, scores: "keras.KerasTensor") -> "keras.KerasTensor":
        """As they are."""
        from keras import layers

        return layers.Identity(dtype="float32", name="forecast")(scores)

    def compile_options(self, info: DataInfo) -> dict[str, Any]:
        """Pinball loss and the error of the median, both in units of the usual change from season to season."""
        from keras import ops

        levels, middle = self.levels, len(self.levels) // 2
        shape = (-1, timeline(info).horizon, len(levels))  # Keras drops a last axis of one number

        def loss(targets: Any, scores: Any) -> Any:
            scores = ops.reshape(scores, shape)
            error = (targets[:, :-1, None] - scores) / targets[:, -1:, None]
            shares = np.array(levels, np.float32)
            return 2 * ops.mean(ops.maximum(shares * error, (shares - 1) * error), axis=(1, 2))

        def mase(targets: Any, scores: Any) -> Any:
            scores = ops.reshape(scores, shape)
            return ops.mean(ops.abs(targets[:, :-1] - scores[:, :, middle]) / targets[:, -1:], axis=1)

        return {"loss": loss, "metrics": [mase]}

    def encode_targets(self, targets: Any, info: DataInfo) -> Any:
        """(batch, horizon + 1), as float32."""
        import tensorflow as tf

        return tf.cast(targets, tf.float32)

    # -- answers -----------------------------------------------------------------------------------------------------

    def answer(self, call: Call, inputs: np.ndarray, info: DataInfo, options: Answering) -> Stored:
        """(examples, window + horizon, quantiles + 2): quantiles, seasonal naive and drift; in the past the past."""
        return self._beside(np.asarray(call(inputs)), inputs, info)

    def _beside(self, told: np.ndarray, inputs: np.ndarray, info: DataInfo) -> np.ndarray:
        """Forecasts (examples, horizon, quantiles) with the past before them and the simple forecasts beside them."""
        line = timeline(info)
        past = np.asarray(inputs[:, : line.window, 0], np.float32)
        simple = [seasonal_naive(past, line.horizon, line.season), drift(past, line.horizon)]
        future = np.concatenate([told, np.stack(simple, axis=-1)], axis=-1)
        before = np.repeat(past[:, :, None], future.shape[-1], axis=-1)
        return np.concatenate([before, future], axis=1).astype(np.float32)

    def evaluate(self, outputs: Any, targets: Any, info: DataInfo) -> dict[str, Any]:
        """MASE, sMAPE and coverage; by step ahead and by origin, beside the simple forecasts; some forecasts to look at."""
        return evaluate_forecasts(np.asarray(outputs), np.asarray(targets), timeline(info), info.target)

    @classmethod
    def example_scores(cls, outputs: Any, targets: Any) -> dict[str, np.ndarray]:
        """Scores of each origin."""
        return forecast_scores(np.asarray(outputs), np.asarray(targets))

    def simple(self, inputs: np.ndarray, targets: Any, info: DataInfo) -> dict[str, Simple]:
        """The values of one season before; the band is as wide as its errors in the training split at the same step."""
        line = timeline(info)

        def naive(grid: np.ndarray) -> np.ndarray:
            return seasonal_naive(np.asarray(grid[:, : line.window, 0]), line.horizon, line.season)

        errors = np.quantile(np.asarray(targets)[:, :-1] - naive(inputs), self.levels, axis=0)
        errors[len(self.levels) // 2] = 0.0

        def score(inputs: np.ndarray, targets: Any) -> np.ndarray:
            return self._beside(naive(inputs)[:, :, None] + errors.T[None], inputs, info)

        return {"seasonal-naive": score}

    def describe(self, target: Any, info: DataInfo) -> str:
        """Return the first and the last value."""
        return f"{target[0]:.4g} … {target[-2]:.4g}"

    def predictions(self, outputs: Any, info: DataInfo) -> list[Prediction]:
        """The past that was seen, the forecast with its band, and the simple forecasts."""
        return [self._prediction(np.asarray(row, np.float64), info) for row in outputs]

    def _prediction(self, row: np.ndarray, info: DataInfo) -> Prediction:
        line = timeline(info)
        past, future = row[: line.window, 0].tolist(), row[line.window :].T.tolist()
        *told, seasonal, moved = future
        band = {"low": told[0], "high": told[-1], "level": BANDS} if len(told) > 1 else {}
        named = {"target": info.target, "step": line.step, "history": past, "forecast": told[len(told) // 2]}
        return Prediction("forecast", named | band | {"seasonal": seasonal, "drift": moved})
