"""What must be known of a dataset to build a network for it and to read its inputs: shapes, classes, columns."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Self

SAMPLE_RATE_HZ = 16_000
"""What every sound becomes: speech has little above 8 kHz, which is all that this rate can hold."""


@dataclass(frozen=True)
class Column:
    """One column of a table that a network sees."""

    name: str
    kind: Literal["number", "category"]
    values: tuple[str, ...] = ()
    """What a category can be, the most frequent first; empty for numbers."""


@dataclass(frozen=True)
class DataInfo:
    """What a network must know of its data: the axes of one input, and the class names (empty for regression)."""

    shape: tuple[int, ...]
    """(height, width, channels) of images, (samples,) of clips, () of texts and rows."""
    labels: tuple[str, ...] = ()
    columns: tuple[Column, ...] = ()
    """Of tables: the numbers, then the categories, in the order of the arrays."""
    target: str = ""
    """What a regression predicts, with its unit where it is known."""
    learned: Mapping[str, Any] = field(default_factory=dict, compare=False)
    """What model and task have learned from the training split before the network is built, as plain JSON."""

    @property
    def num_classes(self) -> int:
        """Number of classes; 0 for regression."""
        return len(self.labels)

    def named(self, kind: Literal["number", "category"]) -> tuple[Column, ...]:
        """The columns of one kind."""
        return tuple(column for column in self.columns if column.kind == kind)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON, without what was learned."""
        columns = [[column.name, column.kind, list(column.values)] for column in self.columns]
        return {"shape": list(self.shape), "labels": list(self.labels), "columns": columns, "target": self.target}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """The inverse of `to_dict`. Raises `KeyError` and `TypeError` for what is no such description."""
        columns = (Column(name, kind, tuple(values)) for name, kind, values in data.get("columns", ()))
        return cls(tuple(data["shape"]), tuple(data["labels"]), tuple(columns), str(data.get("target", "")))
