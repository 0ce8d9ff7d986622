"""Series: numbers at equal steps of time, the past in full and of the future only what can be known."""

from typing import Any

import numpy as np

from engine.data_info import DataInfo
from engine.errors import TrainyardError
from engine.modalities.base import Face, Modality, modalities
from engine.modalities.schema import Schema, either, file
from engine.modalities.time_series.own import OWN_SERIES
from engine.sentences import Sentence
from engine.timeline import Timeline

_LEAST_DEVIATION = 1e-6


@modalities.register("time-series", "Time series")
class TimeSeries(Modality):
    """(window + horizon, channels) float32, zero where nothing can be known: see `Timeline`."""

    checks = ("duplicates",)
    by_time = True
    own = OWN_SERIES

    def expected(self, info: DataInfo) -> str:
        """Return how many values are expected."""
        line = timeline(info)
        if len(line.names) == 1:
            return Sentence("at least {window} values, one below the other, the latest last", window=line.window)
        return Sentence(
            "a table with the columns {names} and at least {window} rows, the latest last",
            names=", ".join(line.names),
            window=line.window,
        )

    def decode_one(self, data: bytes, name: str, info: DataInfo) -> np.ndarray:
        """One example from a table, or from values alone: the last that there are."""
        from engine.modalities.time_series.given import example_of

        return example_of(data, name, info, self.expected(info))

    def parse_arrays(self, instances: list[Any], info: DataInfo, where: str = "instances[0]") -> np.ndarray:
        """Lists of values, or of rows with one number a channel."""
        from engine.modalities.time_series.given import example_from

        number = int(where.split("[")[-1].rstrip("]"))
        return np.stack(
            [
                example_from(instance, f"instances[{number + i}]", info, self.expected(info))
                for i, instance in enumerate(instances)
            ]
        )

    def schema(self, info: DataInfo | None = None) -> Schema:
        """Return the schema of a list of values, of rows, or of a file."""
        value = {"type": ["number", "null"]}
        words = self.expected(info) if info else "The past of a series, the latest value last."
        values = {"type": "array", "items": value, "description": words}
        rows = {"type": "array", "items": values, "description": "Rows with one number a channel; null in the future."}
        return either(values, rows, file("A table, or values alone."))

    def learns(self) -> bool:
        """Whether channels beside the target are scaled."""
        return True

    def learn(self, inputs: np.ndarray) -> dict[str, Any]:
        """Return mean and deviation of each channel in the training split."""
        seen = np.asarray(inputs, np.float64)
        flat = seen.reshape(-1, seen.shape[-1])
        deviations = flat.std(axis=0)
        return {
            "means": flat.mean(axis=0).tolist(),
            "deviations": np.where(deviations > _LEAST_DEVIATION, deviations, 1.0).tolist(),
        }

    def preprocess(self, x: Any, info: DataInfo) -> Any:
        """Grid (batch, window + horizon, channels) -> what is seen of it, in numbers around zero.

        The target is measured from its last value, in deviations of the window, so that the level of a series does not matter.
        Without channels that are known beforehand only the window is left. Where none is told, all are scaled by what was learned of
        them: their level says how worn a machine is.
        """
        from keras import layers, ops

        line = timeline(info)
        if line.watched:
            return self._standard(x, info, 0, len(line.names))
        parts = [scaled_target(x, info)]
        if line.hidden > 1:
            parts.append(self._standard(x[:, : line.window, 1 : line.hidden], info, 1, line.hidden))
        if line.hidden == len(line.names):
            return parts[0] if len(parts) == 1 else layers.Concatenate(name="seen")(parts)
        past = parts[0] if len(parts) == 1 else layers.Concatenate(name="measured")(parts)
        longer = layers.ZeroPadding1D((0, line.horizon), name="unknown")(past)
        known = self._standard(x[:, :, line.hidden :], info, line.hidden, len(line.names))
        return ops.concatenate([longer, known], axis=-1)

    def _standard(self, x: Any, info: DataInfo, first: int, end: int) -> Any:
        """Scale channels by what was learned of them."""
        from keras import layers

        means = info.learned.get("means", [0.0] * end)[first:end]
        deviations = info.learned.get("deviations", [1.0] * end)[first:end]
        scale = [1 / deviation for deviation in deviations]
        offset = [-mean / deviation for mean, deviation in zip(means, deviations, strict=True)]
        return layers.Rescaling(scale, offset=offset, name=f"scaled_{first}")(x)

    def face(self, one: Any, info: DataInfo) -> Face:
        """The past as a line."""
        from engine.modalities.time_series.looks import sparkline

        return Face(sparkline(np.asarray(one, np.float64)[: timeline(info).window, 0]))


def timeline(info: DataInfo) -> Timeline:
    """Return the steps of an example. Raise `TrainyardError` for data that is no series."""
    if info.timeline is None:
        raise TrainyardError("These data are not series: they do not say what their steps are.")
    return info.timeline


def last_value(x: Any, info: DataInfo) -> Any:
    """Grid (batch, steps, channels) -> the last known value of the target (batch, 1, 1)."""
    line = timeline(info)
    return x[:, line.window - 1 : line.window, :1]


def window_scale(x: Any, info: DataInfo) -> Any:
    """Grid (batch, steps, channels) -> how much the target varies in the window (batch, 1, 1), never zero."""
    from keras import ops

    line = timeline(info)
    return ops.std(x[:, : line.window, :1], axis=1, keepdims=True) + _LEAST_DEVIATION


def scaled_target(x: Any, info: DataInfo) -> Any:
    """Grid (batch, steps, channels) -> the target in the window (batch, window, 1), from its last value, in deviations."""
    line = timeline(info)
    return (x[:, : line.window, :1] - last_value(x, info)) / window_scale(x, info)
