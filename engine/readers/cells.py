"""Rows of text cells to compact columns, within the limits; what is left out is reported.

Every source of rows ends here, so that CSV, TSV and JSON mean the same by a missing cell and a limit. Cells stay text:
`engine.readers.deciding` and the roles of their columns decide how they are read.
"""

from array import array
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any
from unicodedata import normalize

from engine.errors import TrainyardError
from engine.sentences import Sentence
from engine.settings import settings

MOST_PROBLEMS = 100
"""Number of problems reported one by one; the others are only counted."""
LONGEST_NAME = 100
"""Characters of a column's name; the rest is cut off."""
JOINERS = "\u200c\u200d"
"""Invisible, but part of words in Persian and Hindi, and of emoji."""
_CELLS_AT_ONCE = 200_000  # that are Python objects at a time; then they become a compact column


@dataclass(frozen=True)
class Problem:
    """Something that was left out or changed, and the reason."""

    place: str
    """Such as "row 7", counted like a spreadsheet does but without blank lines, or "" for the whole file."""
    reason: Sentence


@dataclass
class Problems:
    """A list that does not grow with the damage."""

    told: list[Problem] = field(default_factory=list)
    untold: int = 0

    def add(self, place: str, reason: Sentence) -> None:
        """Write one down."""
        if len(self.told) < MOST_PROBLEMS:
            self.told.append(Problem(place, reason))
        else:
            self.untold += 1

    def listed(self) -> tuple[Problem, ...]:
        """All that were told, and how many more there are."""
        more = (
            (Problem("", Sentence("{untold:,} more problems like these are not listed.", untold=self.untold)),)
            if self.untold
            else ()
        )
        return (*self.told, *more)


class Cells:
    """Collects rows of text cells, "" where one is missing; columns may be added on the way."""

    def __init__(self, shown: str, problems: Problems) -> None:
        """`shown` is the file's name as sentences show it."""
        self.shown, self.problems = shown, problems
        self.names: list[str] = []
        self.rows = self.left_out = 0
        self.named_by_position = False  # the first row is data, so that nothing is wrong with columns without names
        self.places = array("q")  # the number of each row that was added, as problems count
        self._waiting: list[list[str]] = []
        self._parts: list[list[Any]] = []  # a list of arrow arrays for each portion of rows

    def check(self, columns: int, rows: int) -> None:
        """Raise `TrainyardError` when a table of this size is over a limit."""
        if columns > settings().max_table_columns:
            raise TrainyardError(
                "{shown} has more than {max_table_columns:,} columns (TRAINYARD_MAX_TABLE_COLUMNS). Leave out some.",
                shown=self.shown,
                max_table_columns=settings().max_table_columns,
            )
        if rows > settings().max_table_rows:
            raise TrainyardError(
                "{shown} has more than {max_table_rows:,} rows (TRAINYARD_MAX_TABLE_ROWS). Take a sample of them.",
                shown=self.shown,
                max_table_rows=settings().max_table_rows,
            )
        if columns * rows > settings().max_table_cells:
            raise TrainyardError(
                "{shown} has more than {max_table_cells:,} cells (TRAINYARD_MAX_TABLE_CELLS). Leave out columns, "
                "or take a sample of the rows.",
                shown=self.shown,
                max_table_cells=settings().max_table_cells,
            )

    def add(self, row: list[str], number: int) -> None:
        """One row, at most as long as `names`, which is not empty; where it is shorter, the rest is missing."""
        self.rows += 1
        self.places.append(number)
        self._waiting.append(row)
        if len(self._waiting) * len(self.names) >= _CELLS_AT_ONCE:
            self._pack()

    def leave_out(self, number: int, reason: Sentence) -> None:
        """A row that cannot be used. It counts like the others, so that millions of them take no longer."""
        self.left_out += 1
        self.problems.add(f"row {number}", reason)
        self.check(1, number)

    def columns(self) -> dict[str, Any]:
        """Return everything as (rows,) Arrow strings by name: trimmed, null where a cell is missing."""
        import pyarrow as pa

        self._pack()
        found: dict[str, Any] = {}
        for index, name in enumerate(unique_names(self.names, self.problems, told=not self.named_by_position)):
            chunks = [part[index] if index < len(part) else pa.nulls(len(part[0]), pa.string()) for part in self._parts]
            found[name] = trimmed(pa.chunked_array(chunks, pa.string()))
        self._parts = []
        return found

    def _pack(self) -> None:
        import pyarrow as pa

        self.check(len(self.names), self.rows)
        if self._waiting:
            columns = list(zip_longest(*self._waiting, fillvalue=""))
            columns += [("",) * len(self._waiting)] * (len(self.names) - len(columns))
            self._parts.append([pa.array(column, pa.string()) for column in columns])
            self._waiting = []


def trimmed(values: Any) -> Any:
    """(rows,) strings without white space around them, null where nothing is left."""
    import pyarrow.compute as pc

    texts = pc.utf8_trim_whitespace(values)
    return pc.if_else(pc.equal(texts, ""), None, texts)


def plain_name(name: str) -> str:
    """Return the name of a column as tables have it: in NFC, on one line, without what cannot be printed."""
    shown = (letter for letter in " ".join(normalize("NFC", name).split()) if letter.isprintable() or letter in JOINERS)
    return "".join(shown)[:LONGEST_NAME].strip()


def unique_names(names: list[str], problems: Problems, *, told: bool = True) -> list[str]:
    """Return printable, different names in NFC, none empty; what had to be changed is reported, unless not `told`."""
    found: dict[str, None] = {}
    for position, name in enumerate(names, 1):
        plain = plain_name(name)
        wanted = plain or f"column {position}"
        taken, number = wanted, 2
        while taken in found:
            taken, number = f"{wanted} ({number})", number + 1
        found[taken] = None
        if not plain and not told:
            continue
        if not plain:
            problems.add(f"column {taken!r}", Sentence("The column does not have a name; it is named by its position."))
        elif taken != wanted:
            problems.add(
                f"column {taken!r}",
                Sentence("Another column is also called {wanted!r}; this one was renamed.", wanted=wanted),
            )
    return list(found)
