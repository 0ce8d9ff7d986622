"""Rows of a table to vectors: numbers scaled, dates as a calendar has them, categories one-hot, gaps marked. Part of the saved model."""

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.data_info import DataInfo
from engine.modalities.table.dates import date_places, encode_dates, learn_dates
from engine.settings import settings

if TYPE_CHECKING:
    import keras

_OTHER = "[other]"  # Keras needs a token for values outside the vocabulary; a value of this name is not in it either
_CONSTANT = {"float32": 1e-6, "float64": 1e-14}  # a deviation below this share of the mean is rounding


def learn_columns(inputs: np.ndarray) -> dict[str, Any]:
    """Return, from the training split's rows, `mean` and `deviation` of each number, positions of those with gaps, categories.

    `categories` has for each column the values that get a place of their own, the most frequent first, at most
    `max_category_values`; `rare` says for each column whether there are others, which share one place.
    """
    found: dict[str, Any] = {}
    if "dates" in (inputs.dtype.names or ()):
        found["dates"] = [learn_dates(column) for column in inputs["dates"].T]
    if "numbers" in (inputs.dtype.names or ()):
        numbers = inputs["numbers"].astype(np.float64)
        present = np.isfinite(numbers)
        count = np.maximum(present.sum(axis=0), 1)
        mean = np.where(present, numbers, 0.0).sum(axis=0) / count
        deviation = np.sqrt((np.where(present, numbers - mean, 0.0) ** 2).sum(axis=0) / count)
        constant = deviation <= _CONSTANT[inputs["numbers"].dtype.name] * np.abs(
            mean
        )  # constant: it says nothing, and must not divide by zero
        found["mean"] = mean.tolist()
        found["deviation"] = np.where(constant, 1.0, deviation).tolist()
        found["gaps"] = np.flatnonzero((~present).any(axis=0)).tolist()
    if "categories" in (inputs.dtype.names or ()):
        most = settings().max_category_values
        ranked = [_by_frequency(column.tolist()) for column in inputs["categories"].T]
        found["categories"] = [values[:most] for values in ranked]
        found["rare"] = [len(values) > most for values in ranked]
    return found


def _by_frequency(column: list[str]) -> list[str]:
    counts = Counter(column)
    return sorted(counts, key=lambda value: (-counts[value], value))


def encode_columns(x: "dict[str, keras.KerasTensor]", info: DataInfo) -> "keras.KerasTensor":
    """`numbers` (batch, k), `dates` (batch, d) and `categories` (batch, m) -> (batch, features).

    A missing number counts as the mean; for columns that have gaps in the training split a second number marks that it
    was missing. A category not seen in training is encoded as all zeros, as no weight for it was
    trained; where rare values share a place, it takes that place.
    """
    from keras import layers

    parts = []
    if "numbers" in x:
        parts += _numbers(x["numbers"], info)
    if "dates" in x:
        parts += encode_dates(x["dates"], info)
    if "categories" in x:
        vocabularies = info.learned.get("categories") or [list(column.values) for column in info.named("category")]
        rare = info.learned.get("rare") or [False] * len(vocabularies)
        for position, (values, others) in enumerate(zip(vocabularies, rare, strict=True)):
            parts.append(_one_hot(x["categories"][:, position], values, others, f"category_{position + 1}"))
    return parts[0] if len(parts) == 1 else layers.Concatenate(name="row")(parts)


def name_places(info: DataInfo) -> list[tuple[str, str | None]]:
    """Return column and category of each number of an encoded row: None for numbers, "" where it marks a missing value."""
    numbers = [column.name for column in info.named("number")]
    found: list[tuple[str, str | None]] = [(name, None) for name in numbers]
    found += [(numbers[gap], "") for gap in info.learned.get("gaps", [])]
    found += [(f"{name} [{word}]", None) for name, word in date_places(info)]
    rare = info.learned.get("rare", [])
    vocabularies = info.learned.get("categories", [])
    for column, values, others in zip(info.named("category"), vocabularies, rare, strict=True):
        known = [value for value in values if value != _OTHER] or [""]
        together = [_OTHER] if others or _OTHER in values else []
        found += [(column.name, value) for value in together + known]
    return found


def _numbers(numbers: "keras.KerasTensor", info: DataInfo) -> "list[keras.KerasTensor]":
    """Return scaled numbers (batch, k), followed by 1 for each missing value in the columns with gaps."""
    from keras import layers, ops

    count = len(info.named("number"))
    mean = info.learned.get("mean", [0.0] * count)
    deviation = info.learned.get("deviation", [1.0] * count)
    # two layers keep small differences between large numbers; Normalization would not scale tiny numbers
    centred = (
        _centred_in_64_bits(numbers, mean)
        if info.wide
        else layers.Rescaling(1.0, [-m for m in mean], name="centre")(numbers)
    )
    scaled = layers.Rescaling([1.0 / d for d in deviation], name="scale")(centred)
    present = ops.isfinite(scaled)
    parts = [ops.where(present, scaled, ops.zeros_like(scaled))]
    if gaps := info.learned.get("gaps"):
        parts.append(1.0 - ops.cast(ops.take(present, gaps, axis=1), "float32"))
    return parts


def _centred_in_64_bits(numbers: "keras.KerasTensor", mean: list[float]) -> "keras.KerasTensor":
    """Subtract the mean before 32 bits would lose digits. In two steps: Keras rounds an offset to 32 bits."""
    from keras import layers, ops

    exact_mean = np.array(mean, np.float64)
    coarse = exact_mean.astype(np.float32).astype(np.float64)
    near = layers.Rescaling(1.0, (-coarse).tolist(), dtype="float64", name="centre")(numbers)
    exact = layers.Rescaling(1.0, (coarse - exact_mean).tolist(), dtype="float64", name="centre_rest")(near)
    centred: keras.KerasTensor = ops.cast(exact, "float32")
    return centred


def _one_hot(column: "keras.KerasTensor", values: list[str], others: bool, name: str) -> "keras.KerasTensor":
    """Words (batch,) -> (batch, values), preceded by a place for all `others` where training has seen any."""
    from keras import layers, ops

    known = [value for value in values if value != _OTHER] or [""]
    lookup = layers.StringLookup(vocabulary=known, oov_token=_OTHER, output_mode="one_hot", name=name)
    places = ops.cast(lookup(column), "float32")
    return places if others or _OTHER in values else places[:, 1:]
