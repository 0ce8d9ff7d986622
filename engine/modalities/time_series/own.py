"""Series that people bring: a table with a column of times and a column of values."""

from engine.modalities.own import OwnKind
from engine.sentences import Sentence

OWN_SERIES = OwnKind(
    "time-series",
    "Time series",
    Sentence("series"),
    dataset="my-series",
    field="series",
    endings=(),
    task="time-series-forecasting",
    rewrite=None,
    timed=True,
)
