"""Rows of a table to vectors: numbers scaled, categories one-hot, gaps marked. Part of the saved model."""

from typing import TYPE_CHECKING, Any

import numpy as np

from engine.tasks.base import DataInfo

if TYPE_CHECKING:
    import keras


def learn_columns(inputs: np.ndarray, info: DataInfo) -> dict[str, Any]:
    """Of the training split's rows: `mean` and `variance` of each number, whether any is missing, known categories."""
    found: dict[str, Any] = {}
    if "numbers" in (inputs.dtype.names or ()):
        numbers = inputs["numbers"].astype(np.float64)
        present = np.isfinite(numbers)
        count = np.maximum(present.sum(axis=0), 1)
        mean = np.where(present, numbers, 0.0).sum(axis=0) / count
        variance = np.where(present, (numbers - mean) ** 2, 0.0).sum(axis=0) / count
        found["mean"] = mean.tolist()
        found["variance"] = np.where(
            variance > 0, variance, 1.0
        ).tolist()  # a constant says nothing, and divides nothing
        found["missing"] = bool((~present).any())
    if "categories" in (inputs.dtype.names or ()):
        found["categories"] = [sorted(set(column.tolist())) for column in inputs["categories"].T]
    return found


def encode_columns(x: "dict[str, keras.KerasTensor]", info: DataInfo) -> "keras.KerasTensor":
    """`numbers` (batch, k) and `categories` (batch, m) -> (batch, features).

    A missing number counts as the mean; where the training split has gaps, a second number tells that it was missing.
    A category that training has not seen is a class of its own.
    """
    from keras import layers, ops

    parts = []
    if "numbers" in x:
        numbers, known = x["numbers"], len(info.named("number"))
        mean, variance = info.learned.get("mean", [0.0] * known), info.learned.get("variance", [1.0] * known)
        scaled = layers.Normalization(mean=mean, variance=variance, name="scale")(numbers)
        parts.append(ops.nan_to_num(scaled, nan=0.0))
        if info.learned.get("missing", False):
            parts.append(ops.cast(ops.isnan(numbers), "float32"))
    if "categories" in x:
        vocabularies = info.learned.get("categories") or [list(column.values) for column in info.named("category")]
        for position, values in enumerate(vocabularies):
            lookup = layers.StringLookup(vocabulary=values, output_mode="one_hot", name=f"category_{position + 1}")
            parts.append(ops.cast(lookup(x["categories"][:, position]), "float32"))
    return parts[0] if len(parts) == 1 else layers.Concatenate(name="row")(parts)
