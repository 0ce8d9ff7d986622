"""Facts about a dataset that a network is built from and its inputs are read by: shapes, classes, columns."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal, Self

import numpy as np

from engine.catalogue import Catalogue
from engine.reading import TRUTH_WORDS, Reading, cell_text
from engine.timeline import Timeline

CALIBRATED = "calibrated"
"""Under this name `DataInfo.learned` has what `Task.calibrate` returned."""
DECLARED = "model"
"""Under this name it has what `Model.declared` returned, where that is anything."""
_WHOLE = re.compile(r"[+-]?(?:0|[1-9][0-9]*)(?:\.0*)?")
_LARGEST = float(np.finfo(np.float64).max)
SAMPLE_RATE_HZ = 16_000
"""The sample rate of every audio clip: speech has little above 8 kHz, the highest frequency at this rate."""


Kind = Literal["number", "date", "category"]


@dataclass(frozen=True)
class Column:
    """One column of a table that a network sees."""

    name: str
    kind: Kind
    values: tuple[str, ...] = ()
    """The values of a category, the most frequent first; empty for numbers and dates."""
    reading: Reading | None = None
    """Reading of its cells, as decided when the table was imported; None for other tables."""

    @property
    def read_as(self) -> Reading:
        """Reading of its cells; with the defaults where nothing was decided."""
        return self.reading or Reading(self.kind)

    def number(self, value: Any) -> float | None:
        """Return the number that a cell, or a value of JSON, stands for: NaN where it is missing, None where it is not one."""
        if isinstance(value, bool):
            return None
        if isinstance(value, int | float):
            return float(value) if abs(value) <= _LARGEST or value != value else np.inf
        return self.read_as.number(cell_text(value)) if value is None or isinstance(value, str) else None

    def date(self, value: Any) -> float | None:
        """Return seconds since 1970 of the date that a cell, or a text of JSON, holds: NaN where missing, None where it is none."""
        if value is not None and not isinstance(value, str):
            return None
        return self.read_as.date(value or "")

    def category(self, value: Any) -> str:
        """Return the category that a cell, or a value of JSON, stands for, known or not; empty where it is missing."""
        name = self.read_as.name(cell_text(value))
        return name if name in self._known else self._alike.get(_shape(name), name)

    def knows(self, name: str) -> bool:
        """Return whether the dataset had this category, or none that it could distinguish from it."""
        return not name or not self.values or name in self._known

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(self.values)

    @cached_property
    def _alike(self) -> dict[str, str]:
        """Return categories by their normalised form, whole numbers without ".0" and truth values in lower case; no two alike."""
        shapes = Counter(map(_shape, self.values))
        return {shape: name for name in self.values if shapes[shape := _shape(name)] == 1}


def _shape(name: str) -> str:
    if name.lower() in TRUTH_WORDS:
        return name.lower()
    return name.split(".")[0] if _WHOLE.fullmatch(name) else name


@dataclass(frozen=True)
class DataInfo:
    """Facts about the data that a network is built from: the axes of one input, and the class names (empty for regression)."""

    shape: tuple[int, ...]
    """(height, width, channels) of images, (samples,) of clips, () of texts and rows."""
    labels: tuple[str, ...] = ()
    columns: tuple[Column, ...] = ()
    """For tables: the numbers, then the dates, then the categories, in the order of the arrays."""
    target: str = ""
    """The target of a regression, with its unit where it is known."""
    text_column: str = field(default="", compare=False)
    """For texts from a table: the column that held them."""
    modality: str = ""
    """Name of the kind of input; empty only in what was written down before it was."""
    target_range: tuple[float, float] | None = field(default=None, compare=False)
    """Of a regression, the smallest and the largest target of the training split; None where it is not known."""
    timeline: Timeline | None = None
    """Of series: the steps of one example."""
    target_shape: tuple[int, ...] = field(default=(), compare=False)
    """Of targets that are arrays of one shape: the axes of one, such as (height, width, channels) of pictures."""
    catalogue: Catalogue | None = None
    """Of choices: the items that can be recommended."""
    learned: Mapping[str, Any] = field(default_factory=dict, compare=False)
    """Facts that model and task learned from the training split before the network is built, as plain JSON."""

    def calibrated_by(self, found: Any) -> Self:
        """Return the same with what a task found by the validation split, where that is anything."""
        return replace(self, learned={**self.learned, CALIBRATED: found}) if found else self

    @property
    def num_classes(self) -> int:
        """Number of classes; 0 for regression."""
        return len(self.labels)

    def named(self, kind: Kind) -> tuple[Column, ...]:
        """Return the columns of one kind."""
        return tuple(column for column in self.columns if column.kind == kind)

    @property
    def taken_columns(self) -> tuple[str, ...]:
        """Names of the columns that a table of inputs must have."""
        return tuple(column.name for column in self.columns) or ((self.text_column,) if self.text_column else ())

    @property
    def wide(self) -> bool:
        """Whether numbers of a table need 64 bits until they are centred, since 32 would blur one of its columns."""
        return any(column.reading is not None and column.reading.wide for column in self.columns)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON; of what was learned, only what answers may need: what is of the targets, and what the model declared."""
        columns = [
            [column.name, column.kind, list(column.values), *([column.reading.to_dict()] if column.reading else [])]
            for column in self.columns
        ]
        plain = {"shape": list(self.shape), "labels": list(self.labels), "columns": columns, "target": self.target}
        text = {"text_column": self.text_column} if self.text_column else {}
        targets = {"target_range": list(self.target_range)} if self.target_range else {}
        timeline = {"timeline": self.timeline.to_dict()} if self.timeline else {}
        shaped = {"target_shape": list(self.target_shape)} if self.target_shape else {}
        catalogue = {"catalogue": self.catalogue.to_dict()} if self.catalogue else {}
        learned = {"learned_targets": self.learned["targets"]} if "targets" in self.learned else {}
        if DECLARED in self.learned:
            learned["declared"] = self.learned[DECLARED]
        return plain | text | targets | timeline | shaped | catalogue | learned | {"modality": self.modality}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """The inverse of `to_dict`. Raise `KeyError` and `TypeError` for anything else."""
        columns = (
            Column(name, kind, tuple(values), Reading.from_dict(*reading) if reading else None)
            for name, kind, values, *reading in data.get("columns", ())
        )
        declared = {DECLARED: data["declared"]} if data.get("declared") else {}
        learned = {"targets": data["learned_targets"]} if data.get("learned_targets") else {}
        return cls(
            tuple(data["shape"]),
            tuple(data["labels"]),
            tuple(columns),
            str(data.get("target", "")),
            str(data.get("text_column", "")),
            str(data.get("modality", "")),
            tuple(data["target_range"]) if data.get("target_range") else None,
            Timeline.from_dict(data["timeline"]) if data.get("timeline") else None,
            tuple(data.get("target_shape", ())),
            Catalogue.from_dict(data["catalogue"]) if data.get("catalogue") else None,
            learned | declared,
        )
