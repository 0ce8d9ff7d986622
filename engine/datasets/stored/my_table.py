"""A table of one's own: any column can be what is predicted, from any others."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np

from engine.data_info import Column
from engine.datasets.base import Examples, datasets
from engine.datasets.stored.base import REFERENCE_OR_NONE, OwnDataset
from engine.imports.own_kinds import own_kind
from engine.imports.sets import describe_set, set_path, there_is
from engine.imports.splits import fixed_splits, joined_groups
from engine.imports.table import CLASSIFY, REGRESS, decoded
from engine.modalities.table.rows import is_wide, make_rows
from engine.reading import Reading
from engine.sentences import Sentence
from engine.spec import ADVANCED, FIXED, HIDDEN, Options


@datasets.register("my-table", "My table")
class MyTable(OwnDataset):
    """Your own table: import CSV, TSV, JSON or Parquet, and choose the column to predict."""

    tasks: ClassVar[tuple[str, ...]] = (CLASSIFY, REGRESS)
    kind: ClassVar[str] = "table"
    licence: ClassVar[str] = "The licence of the table"
    limits: ClassVar[str] = (
        "The score holds for rows like these. A column that is only known after the target makes a "
        "network look better than it will be in use."
    )

    table: Annotated[str, Options("table"), REFERENCE_OR_NONE] = ""
    """The imported table."""
    at_random: Annotated[bool, FIXED, ADVANCED] = False
    """Draw the splits at random, even if the table was imported with a date to split by: then rows of the same days are in
    training and test, and a score looks better than it will be on days to come. Without effect on other tables."""
    predict: Annotated[Literal["", "classes", "values"], FIXED, HIDDEN] = ""
    """Reading of the target, set by the task. Empty: as classes where possible."""

    @classmethod
    def usual_task(cls, values: Mapping[str, Any]) -> str:
        """Return the first task that the target of the chosen table suits."""
        reference = values.get("table")
        if not isinstance(reference, str) or not there_is(reference, cls.kind):
            return super().usual_task(values)
        return next((task for task in describe_set(reference).tasks if task in cls.tasks), cls.tasks[0])

    def for_task(self, task: str) -> Self:
        """Classes for one task, values for the other."""
        return self.model_copy(update={"predict": {CLASSIFY: "classes", REGRESS: "values"}.get(task, "")})

    def available(self) -> bool:
        """Whether the table is there and its target suits the task."""
        return super().available() and self.task() in self.own().tasks

    def missing(self) -> Sentence:
        """Choose, import, or change the task."""
        if not super().available():
            return super().missing()
        own = self.own()
        suits = Sentence("classes") if CLASSIFY in own.tasks else Sentence("a number")
        return Sentence(
            "The target {target!r} of the table {reference!r} can only be predicted as {suits}. "
            "Choose the task {tasks!r}, or import the table again with another target.",
            target=own.roles["target"],
            reference=own.reference,
            suits=suits,
            tasks=own.tasks[0],
        )

    def load(self) -> Examples:
        """All rows that have a target. Equal rows, and rows of one group, stay in one split."""
        own = self.own()
        with np.load(set_path(self.table) / own_kind(self.kind).file) as file:
            arrays = {name: file[name] for name in file.files}
        words = np.array(decoded(arrays["words"]), object)
        codes = arrays.get("codes")
        numbers = arrays.get("numbers")
        inputs = make_rows(numbers, None if codes is None else words[codes], arrays.get("dates"), wide=is_wide(numbers))
        columns = _columns(decoded(arrays["columns"]), codes, words)
        groups = joined_groups(_equal_rows(arrays), arrays.get("group"))
        if self.task() == CLASSIFY:
            targets, labels, target = (
                np.unique(arrays["target"], return_inverse=True)[1].astype(np.int64),
                own.labels,
                "",
            )
        else:
            targets, labels, target = arrays["target"].astype(np.float64), (), str(own.roles["target"])
        validation, test = fixed_splits(arrays.get("split"), groups, own, targets)
        times = None if self.at_random or validation is not None or test is not None else arrays.get("time")
        return Examples(
            inputs,
            targets,
            labels,
            groups,
            test,
            columns=columns,
            target=target,
            validation=validation,
            times=times,
        )

    def task(self) -> str:
        """Return the task that the target is read for."""
        return {"classes": CLASSIFY, "values": REGRESS}.get(self.predict) or self.own().tasks[0]


def _columns(described: list[list[Any]], codes: np.ndarray | None, words: np.ndarray) -> tuple[Column, ...]:
    """Return the columns in the order of the arrays. Sets of earlier versions do not say how a column is read."""
    kinds = ("number", "date", "category")
    numbers, dates, categories = ([column for column in described if column[1] == kind] for kind in kinds)
    values = [_values(column, words) for column in codes.T] if codes is not None else []
    return tuple(
        Column(name, kind, found, Reading.from_dict(*reading) if reading else None)
        for (name, kind, *reading), found in zip(
            (*numbers, *dates, *categories), (*((),) * len(numbers + dates), *values), strict=True
        )
    )


def _values(codes: np.ndarray, words: np.ndarray) -> tuple[str, ...]:
    """Return the known categories, the most frequent first, without the empty word for missing."""
    found, counts = np.unique(codes, return_counts=True)
    return tuple(word for word in words[found[np.argsort(-counts, kind="stable")]].tolist() if word)


def _equal_rows(arrays: dict[str, Any]) -> np.ndarray:
    """(rows,) int64: rows with equal inputs share a number."""
    parts = [
        np.ascontiguousarray(arrays[name]).view(np.int32) for name in ("numbers", "dates", "codes") if name in arrays
    ]
    together = np.ascontiguousarray(np.concatenate(parts, axis=1))
    whole = together.view(np.dtype((np.void, together.dtype.itemsize * together.shape[1]))).ravel()
    return np.unique(whole, return_inverse=True)[1].astype(np.int64)
