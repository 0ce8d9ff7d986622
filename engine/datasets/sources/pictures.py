"""Pictures with classes: to tell which class a picture shows, or to make pictures of a class."""

from dataclasses import replace
from typing import Annotated, ClassVar, Literal, Self

import numpy as np

from engine.data_info import Column
from engine.datasets.base import Dataset, Examples
from engine.modalities.table.rows import make_rows
from engine.spec import FIXED, HIDDEN

CLASS = "class"
"""Name of the one column of what pictures are made from."""


class PictureDataset(Dataset):
    """A dataset whose `load` returns pictures and their classes; a task that makes pictures gets them the other way round."""

    tasks: ClassVar[tuple[str, ...]] = ("image-classification", "image-generation")

    made: Annotated[Literal["", "pictures"], FIXED, HIDDEN] = ""
    """Whether pictures are what is to be made, set by the task. Empty: they are given, and classes are predicted."""

    def for_task(self, task: str) -> Self:
        """Pictures given, or to be made."""
        return self.model_copy(update={"made": "pictures" if task == self.tasks[1] else ""})

    def task(self) -> str:
        """As the field says."""
        return self.tasks[1 if self.made else 0]

    def load_for_task(self) -> Examples:
        """With the class as input and the picture as target, where pictures are to be made; of each class every split has its share."""
        found = self.load()
        if not self.made:
            return found
        names = np.array(found.labels, object)
        rows = make_rows(None, names[found.targets][:, None])
        return replace(
            found,
            inputs=rows,
            targets=found.inputs,
            strata=found.targets,
            columns=(Column(CLASS, "category", found.labels),),
        )
