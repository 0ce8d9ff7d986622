"""Tables that people bring: the columns have roles, and the target decides what a set is for."""

from engine.modalities.own import OwnKind
from engine.readers.kinds import TABLE_ENDINGS
from engine.sentences import Sentence

TABLES = OwnKind(
    "table",
    "Table",
    Sentence("rows"),
    dataset="my-table",
    field="table",
    endings=TABLE_ENDINGS,
    rewrite=None,
    rows=True,
)
