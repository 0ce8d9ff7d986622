"""Choices of one's own: a table of who chose what, and when."""

import json
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from engine.catalogue import ItemColumn
from engine.datasets.base import Examples, datasets
from engine.datasets.sources.choices import Choices, ChoicesDataset
from engine.datasets.stored.base import REFERENCE_OR_NONE, OwnDataset
from engine.errors import TrainyardError
from engine.imports.own_kinds import own_kind
from engine.imports.sets import set_path
from engine.spec import FIXED, Options


@datasets.register("my-choices", "My interactions")
class MyChoices(ChoicesDataset, OwnDataset):
    """Who chose what, and when: import a table with columns of people, items and times; what else it says of items is used, too.

    The ratings of MovieLens can be had at https://grouplens.org/datasets/movielens/, for research; they may not be passed on.
    """

    kind: ClassVar[str] = "choices"
    licence: ClassVar[str] = "The licence of the table"
    limits: ClassVar[str] = (
        "People could only choose what they were shown: a good score says that the network finds what they chose, not that they would "
        "not have liked anything else better."
    )

    choices: Annotated[str, Options("choices"), REFERENCE_OR_NONE] = ""
    """The imported choices."""
    least_rating: Annotated[float, Field(ge=-1e6, le=1e6), FIXED] = 0.0
    """Where the table has ratings: only what was rated so high, or not rated, counts as chosen."""

    def fingerprint(self) -> str:
        """Hash of the stored choices, taken at import."""
        return self.own().fingerprint

    def load(self) -> Examples:
        """All choices that count."""
        with np.load(set_path(self.own().reference) / own_kind(self.kind).file) as file:
            people, items, times, ratings = (file[name] for name in ("people", "items", "times", "ratings"))
            about = json.loads(file["about"].tobytes())
        if len(ratings):
            liked = ~(ratings < self.least_rating)
            if not liked.any():
                raise TrainyardError(
                    "No rating is {least:g} or more; the highest is {highest:g}. Lower the least rating.",
                    least=self.least_rating,
                    highest=float(np.nanmax(ratings)),
                )
            people, items, times = people[liked], items[liked], times[liked]
        columns = [ItemColumn(name, kind, tuple(values)) for name, kind, values in about["columns"]]
        return self.examples_of(Choices.of(people, items, times), about["items"], columns)
