"""Texts of one's own: columns of a table, or files; a folder for each class where there are classes."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np

from engine.advice.defaults import Facts
from engine.datasets.base import datasets
from engine.datasets.stored.base import REFERENCE_OR_NONE, OwnDataset
from engine.imports.collected import Stored
from engine.imports.own_kinds import own_kind
from engine.imports.sets import describe_set, there_is
from engine.imports.splits import fixed_splits, joined_groups
from engine.sentences import Sentence
from engine.spec import FIXED, HIDDEN, Options


@datasets.register("my-texts", "My texts")
class MyTexts(OwnDataset):
    """Your own texts, from a table or from text files: with labels to tell them apart, or without to learn to write such texts."""

    tasks: ClassVar[tuple[str, ...]] = ("text-classification", "text-generation")
    kind: ClassVar[str] = "texts"
    licence: ClassVar[str] = "The licence of the texts"
    limits: ClassVar[str] = (
        "The score holds for texts like these: other authors, subjects and times will be harder, "
        "above all if one author's texts are in several splits."
    )
    suggested: ClassVar[dict[str, Any]] = {"model": "bag-of-embeddings", "epochs": 20, "batch_size": 32, "patience": 4}

    texts: Annotated[str, Options("texts"), REFERENCE_OR_NONE] = ""
    """The imported text dataset."""

    labelling: Annotated[Literal["", "used", "unused"], FIXED, HIDDEN] = ""
    """Whether labels are used, set by the task. Empty: where there are any."""

    @classmethod
    def usual_task(cls, values: Mapping[str, Any]) -> str:
        """Return the first task that the chosen set serves."""
        reference = values.get("texts")
        if not isinstance(reference, str) or not there_is(reference, cls.kind):
            return super().usual_task(values)
        return next((task for task in describe_set(reference).tasks if task in cls.tasks), cls.tasks[0])

    def for_task(self, task: str) -> Self:
        """With labels or without."""
        return self.model_copy(update={"labelling": "unused" if task == own_kind(self.kind).free_task else "used"})

    def task(self) -> str:
        """Where nothing is said, the first that the set serves."""
        if self.labelling:
            return self.tasks[0] if self.labelling == "used" else own_kind(self.kind).free_task
        return self.usual_task({"texts": self.reference})

    def facts(self, modality: str, task: str) -> Facts | None:
        """As recorded, for tasks whose advice was measured on texts with labels."""
        return super().facts(modality, task) if task == self.tasks[0] else None

    def available(self) -> bool:
        """Whether the texts are there, with labels where the task needs them."""
        return super().available() and (self.labelling != "used" or bool(self.own().labels))

    def missing(self) -> Sentence:
        """Choose, import, or change the task."""
        if not super().available():
            return super().missing()
        return Sentence(
            "The texts {reference!r} have no labels: they can be used for the task {task!r}. Choose it, or import them with labels.",
            reference=self.reference,
            task=own_kind(self.kind).free_task,
        )

    def inputs(self, stored: Stored) -> np.ndarray:
        """All texts, (examples,) strings."""
        inputs = np.empty(len(stored), object)
        inputs[:] = [stored.bytes_of(index).decode() for index in range(len(stored))]
        return inputs

    def arranged(self, stored: Stored) -> dict[str, Any]:
        """Beside what all have: the column that held the texts. Without labels there are no targets."""
        column = {"text_column": str(self.own().roles.get("text", ""))}
        if self.task() == self.tasks[0]:
            return super().arranged(stored) | column
        groups = joined_groups(stored.groups(), stored.more.get("group"))
        own = replace(self.own(), counts={})
        validation, test = fixed_splits(stored.more.get("split"), groups, own, stored.targets)
        return {"targets": None, "groups": groups, "validation": validation, "test": test} | column
