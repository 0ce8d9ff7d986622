"""Series of one's own: a table with times, of which windows are cut."""

import json
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import Field

from engine.datasets.base import Examples, datasets
from engine.datasets.sources.watched import WatchedDataset
from engine.datasets.stored.base import REFERENCE_OR_NONE, OwnDataset
from engine.errors import TrainyardError, unknown_name
from engine.imports.own_kinds import own_kind
from engine.imports.sets import set_path
from engine.spec import FIXED, Options
from engine.timeline import Timeline


@datasets.register("my-series", "My series")
class MySeries(WatchedDataset, OwnDataset):
    """Your own series: import a table with a column of times and one of values; further columns of numbers are seen, too.

    Where failures are to be told, the column of values is the one that is 1 while a machine is down, and 0 otherwise.
    """

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

    def _stored(self) -> tuple[list[np.ndarray], dict[str, Any]]:
        """Return each series (steps, channels), and what is known of all."""
        with np.load(set_path(self.own().reference) / own_kind(self.kind).file) as file:
            values, ends = file["values"], file["ends"]
            return np.split(values, ends[:-1]), json.loads(file["about"].tobytes())

    def load(self) -> Examples:
        """Windows of all series."""
        series, about = self._stored()
        order, hidden = self._channels(about["names"])
        names = tuple(about["names"][channel] for channel in order)
        line = Timeline(self.window, self.horizon, self.season or about["season"], about["step"], names, hidden)
        return self.cut([part[:, order] for part in series], line, names[0])

    def watched(self) -> Examples:
        """Windows of all machines: the first column says when they were down, all others are sensors."""
        series, about = self._stored()
        failure, *sensors = about["names"]
        if not sensors:
            raise TrainyardError(
                "There are no sensors: the table has no column of numbers beside {failure!r}.", failure=failure
            )
        known = np.concatenate([part[:, 0] for part in series])
        if not np.isin(known[np.isfinite(known)], (0, 1)).all():
            raise TrainyardError(
                "The column {failure!r} has other values than 0 and 1, so it does not say when a machine was down. Import the table "
                "again, and choose the column of failures as the one to be told.",
                failure=failure,
            )
        line = Timeline(
            self.window,
            self.horizon,
            self.season or about["season"],
            about["step"],
            tuple(sensors),
            seconds=about.get("seconds", 0.0),  # not known of what was imported earlier
        )
        machines = [(part[:, 1:], np.nan_to_num(part[:, 0]) > 0) for part in series]
        return self.cut_watched(machines, line, ("0", "1"))  # as in the table

    def _channels(self, names: list[str]) -> tuple[list[int], int]:
        """Return the order of the columns, those that are known beforehand last, and how many are not."""
        known = [name.strip() for name in self.known.split(",") if name.strip()]
        for name in known:
            if name not in names[1:]:
                raise unknown_name("column", name, names[1:])
        others = [name for name in names if name not in known]
        return [names.index(name) for name in (*others, *known)], len(others)
