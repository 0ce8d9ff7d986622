"""Texts of one's own: two columns of a table, or a folder or a zip in which each class is a folder."""

from typing import Annotated, Any, ClassVar

import numpy as np

from engine.datasets.base import datasets
from engine.datasets.stored.base import REFERENCE_OR_NONE, OwnDataset
from engine.imports.collected import Stored
from engine.spec import Options


@datasets.register("my-texts", "My texts")
class MyTexts(OwnDataset):
    """Your own texts: import a table with a column of texts and one of labels, or a zip of class/name.txt."""

    tasks: ClassVar[tuple[str, ...]] = ("text-classification",)
    kind: ClassVar[str] = "texts"
    licence: ClassVar[str] = "The licence of the texts"
    limits: ClassVar[str] = (
        "The score holds for texts like these: other authors, subjects and times will be harder, "
        "above all if one author's texts are in several splits."
    )
    suggested: ClassVar[dict[str, Any]] = {"model": "bag-of-embeddings", "epochs": 20, "batch_size": 32, "patience": 4}

    texts: Annotated[str, Options("texts"), REFERENCE_OR_NONE] = ""
    """The imported text dataset."""

    def inputs(self, stored: Stored) -> np.ndarray:
        """All texts, (examples,) strings."""
        inputs = np.empty(len(stored), object)
        inputs[:] = [stored.bytes_of(index).decode() for index in range(len(stored))]
        return inputs

    def arranged(self, stored: Stored) -> dict[str, Any]:
        """Beside what all have: the column that held the texts."""
        return super().arranged(stored) | {"text_column": str(self.own().roles.get("text", ""))}
