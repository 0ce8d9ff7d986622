"""Series of one's own: a table with times, of which windows are cut."""

import json
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from engine.datasets.base import Examples, datasets
from engine.datasets.sources.windows import SeriesDataset
from engine.datasets.stored.base import REFERENCE_OR_NONE, OwnDataset
from engine.errors import unknown_name
from engine.imports.own_kinds import own_kind
from engine.imports.sets import set_path
from engine.spec import FIXED, Options
from engine.timeline import Timeline


@datasets.register("my-series", "My series")
class MySeries(SeriesDataset, OwnDataset):
    """Your own series: import a table with a column of times and one of values; further columns of numbers are seen, too."""

    kind: ClassVar[str] = "time-series"
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
