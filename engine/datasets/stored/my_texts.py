"""Texts of one's own: two columns of a table, or a folder or a zip in which each class is a folder."""

from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import Field

from engine.datasets.base import Examples, datasets
from engine.datasets.stored.base import OwnDataset
from engine.imports.collected import read_stored
from engine.imports.sets import REFERENCE, Kind
from engine.spec import Options


@datasets.register("my-texts", "My texts")
class MyTexts(OwnDataset):
    """Texts of your own: import a table with a column of texts and one of labels, or a zip of class/name.txt."""

    tasks: ClassVar[tuple[str, ...]] = ("text-classification",)
    kind: ClassVar[Kind] = "texts"
    licence: ClassVar[str] = "That of the texts"
    limits: ClassVar[str] = (
        "The score holds for texts like these: other authors, subjects and times will be harder, above all where one "
        "author writes in several splits."
    )
    suggested: ClassVar[dict[str, Any]] = {"model": "bag-of-embeddings", "epochs": 20, "batch_size": 32, "patience": 4}

    texts: Annotated[str, Options("texts"), Field(pattern=rf"^({REFERENCE.pattern})?$")] = ""
    """Which imported set of texts."""

    def load(self) -> Examples:
        """All texts, (examples,) strings. Equal texts stay in one split."""
        stored = read_stored(self.texts, "texts")
        inputs = np.empty(len(stored), object)
        inputs[:] = [stored.bytes_of(index).decode() for index in range(len(stored))]
        return Examples(inputs, **self.arranged(stored), text_column=str(self.own().roles.get("text", "")))
