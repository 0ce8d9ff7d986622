"""Pairs of texts of one's own: two columns of a table, a text and what is to be made of it."""

from typing import Annotated, Any, ClassVar

import numpy as np

from engine.datasets.base import datasets
from engine.datasets.stored.base import REFERENCE_OR_NONE, OwnDataset
from engine.imports.collected import Stored
from engine.imports.pairs import TARGETS
from engine.imports.splits import fixed_splits, joined_groups
from engine.spec import Options


@datasets.register("my-pairs", "My pairs of texts")
class MyPairs(OwnDataset):
    """Your own pairs: import a table with a column of texts and one of what is to be made of them."""

    tasks: ClassVar[tuple[str, ...]] = ("text2text-generation", "translation", "summarization")
    kind: ClassVar[str] = "text-pairs"
    licence: ClassVar[str] = "The licence of the texts"
    limits: ClassVar[str] = (
        "The score holds for texts like these. A network that begins without any knowledge of a language needs some thousand "
        "pairs even for a task with few rules, and far more for one that asks for sense."
    )

    pairs: Annotated[str, Options("text-pairs"), REFERENCE_OR_NONE] = ""
    """The imported pairs of texts."""

    def inputs(self, stored: Stored) -> np.ndarray:
        """All texts that are read, (examples,) strings."""
        inputs = np.empty(len(stored), object)
        inputs[:] = [stored.bytes_of(index).decode() for index in range(len(stored))]
        return inputs

    def arranged(self, stored: Stored) -> dict[str, Any]:
        """The texts to be written, and the splits: pairs with equal sources stay together."""
        groups = joined_groups(stored.groups(), stored.more.get("group"))
        validation, test = fixed_splits(stored.more.get("split"), groups, self.own(), stored.targets)
        spans = stored.more[TARGETS].tolist()
        return {
            "targets": [bytes(stored.data[start:end].tobytes()).decode() for start, end in spans],
            "groups": groups,
            "validation": validation,
            "test": test,
            "text_column": str(self.own().roles.get("text", "")),
        }
