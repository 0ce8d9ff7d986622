"""Series of one's own: a table with times, of which windows are cut."""

import json
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from engine.datasets.base import Examples, datasets
from engine.datasets.sources.windows import SeriesDataset
from engine.datasets.stored.base import REFERENCE_OR_NONE
from engine.errors import unknown_name
from engine.imports.own_kinds import own_kind
from engine.imports.sets import OwnSet, find_set, gone, list_sets, set_path, there_is
from engine.sentences import Sentence
from engine.spec import FIXED, Options
from engine.timeline import Timeline


@datasets.register("my-series", "My series")
class MySeries(SeriesDataset):
    """Your own series: import a table with a column of times and one of values; further columns of numbers are seen, too."""

    kind: ClassVar[str] = "time-series"
    embedded: ClassVar[bool] = True
    source: ClassVar[str] = "Imported on this machine"
    licence: ClassVar[str] = "The licence of the table"
    limits: ClassVar[str] = (
        "The score holds while the future is like the past. A column that is named as known beforehand, but is not, gives the "
        "future away."
    )

    series: Annotated[str, Options("time-series"), REFERENCE_OR_NONE] = ""
    """The imported series."""
    season: Annotated[int, Field(ge=0, le=10_000), FIXED] = 0
    """Steps after which the series repeats itself. 0: what is usual for its unit of time, such as 12 for months."""
    known: Annotated[str, Field(max_length=2_000), FIXED] = ""
    """Columns that are known beforehand, such as holidays, with commas between them. Of all others the network sees the past alone."""

    @property
    def reference(self) -> str:
        """Name and version of the chosen set."""
        return self.series

    def own(self) -> OwnSet:
        """The chosen set. Raises `TrainyardError` with what there is when it is none."""
        return find_set(self.reference, self.kind)

    @classmethod
    def ready(cls) -> bool:
        """Whether any series have been imported."""
        return bool(list_sets(cls.kind))

    def available(self) -> bool:
        """Whether the chosen series are still there."""
        return there_is(self.reference, self.kind)

    def missing(self) -> Sentence:
        """Choose or import."""
        return gone(self.reference, list_sets(self.kind))

    def fingerprint(self) -> str:
        """Hash of the stored series, taken at import."""
        return self.own().fingerprint

    def load(self) -> Examples:
        """Windows of all series."""
        with np.load(set_path(self.own().reference) / own_kind(self.kind).file) as file:
            values, ends = file["values"], file["ends"]
            about = json.loads(file["about"].tobytes())
        order, hidden = self._channels(about["names"])
        names = tuple(about["names"][channel] for channel in order)
        line = Timeline(self.window, self.horizon, self.season or about["season"], about["step"], names, hidden)
        parts = [part[:, order] for part in np.split(values, ends[:-1])]
        return self.cut(parts, line, names[0])

    def _channels(self, names: list[str]) -> tuple[list[int], int]:
        """Return the order of the columns, those that are known beforehand last, and how many are not."""
        known = [name.strip() for name in self.known.split(",") if name.strip()]
        for name in known:
            if name not in names[1:]:
                raise unknown_name("column", name, names[1:])
        others = [name for name in names if name not in known]
        return [names.index(name) for name in (*others, *known)], len(others)
