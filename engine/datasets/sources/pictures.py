"""Pictures with classes: to tell which class a picture shows, to make pictures of a class, or to tell which show the same."""

from dataclasses import replace
from typing import Annotated, ClassVar, Literal, Self

import numpy as np

from engine.data_info import Column
from engine.datasets.base import Dataset, Examples
from engine.imports.splits import joined_groups
from engine.modalities.table.rows import make_rows
from engine.similarity.pairs import FIRST, IDENTITY, SECOND, pair_up
from engine.spec import FIXED, HIDDEN

CLASS = "class"
"""Name of the one column of what pictures are made from."""
_READINGS: dict[str, Literal["", "pictures", "pairs"]] = {
    "image-classification": "",
    "image-generation": "pictures",
    "image-similarity": "pairs",
}
_PAIRS = 3


class PictureDataset(Dataset):
    """A dataset whose `load` returns pictures and their classes; a task that makes pictures gets them the other way round."""

    tasks: ClassVar[tuple[str, ...]] = ("image-classification", "image-generation")

    made: Annotated[Literal["", "pictures", "pairs"], FIXED, HIDDEN] = ""
    """Use of the pictures, set by the task. Empty: input of a classifier. pictures: they are to be generated. pairs: two of one
    class are one example."""

    def for_task(self, task: str) -> Self:
        """Pictures given, to be made, or in pairs."""
        return self.model_copy(update={"made": _READINGS[task]})

    def task(self) -> str:
        """As the field says."""
        return next(task for task, made in _READINGS.items() if made == self.made)

    def load_for_task(self) -> Examples:
        """With the class as input and the picture as target, where pictures are to be made; of each class every split has its share.
        As pairs of one class, where it is to be told whether two show the same: a class is in one split then."""
        found = self.load()
        if not self.made:
            return found
        if self.made == "pairs":
            return in_pairs(found)
        names = np.array(found.labels, object)
        rows = make_rows(None, names[found.targets][:, None])
        return replace(
            found,
            inputs=rows,
            targets=found.inputs,
            strata=found.targets,
            columns=(Column(CLASS, "category", found.labels),),
        )


def in_pairs(found: Examples) -> Examples:
    """Return pictures (pictures, height, width, channels) with classes as pairs (pairs, 2, height, width, channels), split by class.

    Equal pictures of two classes bring both into one split. Splits that the source fixes hold where no class is in two of them.
    """
    rows = pair_up(found.targets, _PAIRS)
    first, second = rows[:, FIRST], rows[:, SECOND]
    pairs = np.stack([found.inputs[first], found.inputs[second]], axis=1)
    groups = joined_groups(found.targets, found.groups)[first] if len(rows) else rows[:, IDENTITY]
    fixed = {}
    for name in ("validation", "test"):
        marked = getattr(found, name)
        if marked is not None and _apart(marked[first], groups):
            fixed[name] = marked[first]
    return Examples(pairs, rows, found.labels, groups=groups, **fixed)


def _apart(marked: np.ndarray, groups: np.ndarray) -> bool:
    """Whether no group is partly marked."""
    return not set(groups[marked].tolist()) & set(groups[~marked].tolist())
