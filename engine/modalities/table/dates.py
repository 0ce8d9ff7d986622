"""Dates to numbers that a network can use: scaled, or on a circle where the end is next to the beginning. Part of the saved model."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.data_info import DataInfo
from engine.dates import calendar_of, parts_of

if TYPE_CHECKING:
    import keras

_SCALED = ("elapsed", "year", "day")
_CIRCLES = {"month": (1.0, 12.0), "hour": (0.0, 24.0)}
"""First value of a part, and how many steps lead around it."""
_UNLEARNED: dict[str, Any] = {
    **{"first": 0.0, "gaps": False, "month": True, "hour": False, "weekdays": list(range(7))},
    "elapsed": [0.0, 1.0],
    "year": [0.0, 1.0],
    "day": [0.0, 1.0],
}


def learn_dates(column: np.ndarray) -> dict[str, Any]:
    """Seconds (examples,) of the training split -> what is learned of a column of dates: the parts that vary.

    `elapsed`, `year` and `day` have their mean and deviation, `month` and `hour` whether they vary, `weekdays` those that
    there were; `first` is the earliest date, from which elapsed days count, `gaps` whether dates were missing.
    """
    present = column[np.isfinite(column)]
    found: dict[str, Any] = {"first": float(present.min(initial=np.inf)) if len(present) else 0.0}
    found["gaps"] = len(present) < len(column)
    parts = parts_of(present)
    parts["elapsed"] = (present - found["first"]) / 86_400
    for name in _SCALED:
        if len(present) and float(np.ptp(parts[name])) > 0:
            found[name] = [float(parts[name].mean()), float(parts[name].std())]
    for name in _CIRCLES:
        found[name] = bool(len(present) and float(np.ptp(parts[name])) > 0)
    weekdays = np.unique(parts["weekday"]).astype(int).tolist()
    found["weekdays"] = weekdays if len(weekdays) > 1 else []
    return found


def encode_dates(dates: "keras.KerasTensor", info: DataInfo) -> "list[keras.KerasTensor]":
    """Seconds (batch, d) float64 -> (batch, features) for each column that says anything; a missing date is all zeros.

    A weekday that training has not seen is all zeros, too: no weight for it was trained.
    """
    from keras import ops

    parts = []
    for position, learned in enumerate(_learned(info)):
        column = dates[:, position : position + 1]
        present = ops.isfinite(column)
        first = learned["first"]
        filled = ops.where(present, column, ops.zeros_like(column) + first)
        found = calendar_of(filled, ops.floor, lambda mask: ops.cast(mask, "float64"))
        found["elapsed"] = (filled - first) / 86400.0
        numbers = _encoded(found, learned)
        if numbers:
            joined = numbers[0] if len(numbers) == 1 else ops.concatenate(numbers, axis=1)
            parts.append(ops.cast(joined, "float32") * ops.cast(present, "float32"))
        if learned["gaps"]:
            parts.append(1.0 - ops.cast(present, "float32"))
    return parts or [0.0 * ops.cast(ops.isfinite(dates), "float32")]


def _learned(info: DataInfo) -> "list[dict[str, Any]]":
    """Return what was learned of each column of dates; what is usual where nothing was yet."""
    return info.learned.get("dates") or [_UNLEARNED] * len(info.named("date"))


def _encoded(found: Mapping[str, Any], learned: Mapping[str, Any]) -> list[Any]:
    """Parts of dates (batch, 1) float64 -> the numbers (batch, n) that a network gets, in the order of `date_places`."""
    from keras import ops

    numbers = []
    for name in _SCALED:
        if name in learned:
            mean, deviation = learned[name]
            numbers.append((found[name] - mean) / deviation)
    for name, (start, steps) in _CIRCLES.items():
        if learned[name]:
            angle = (found[name] - start) * (2 * math.pi / steps)
            numbers += [ops.sin(angle), ops.cos(angle)]
    numbers += [ops.cast(ops.equal(found["weekday"], float(day)), "float64") for day in learned["weekdays"]]
    return numbers


def date_places(info: DataInfo) -> list[tuple[str, str]]:
    """Return column and meaning of each number that `encode_dates` makes."""
    days = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
    found = []
    for column, learned in zip(info.named("date"), _learned(info), strict=True):
        words = [{"elapsed": "elapsed days"}.get(name, name) for name in _SCALED if name in learned]
        for name in _CIRCLES:
            words += [f"{name}, sine", f"{name}, cosine"] if learned[name] else []
        words += [days[day] for day in learned["weekdays"]] + (["missing"] if learned["gaps"] else [])
        found += [(column.name, word) for word in words]
    return found or [(column.name, "constant") for column in info.named("date")]
