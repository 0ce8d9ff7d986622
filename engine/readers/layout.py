"""Layout of a table: its separator, decimal mark and header, detected or chosen."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any, Literal

from engine.dates import Order
from engine.reading import MISSING_WORDS, NUMBER

Header = Literal["", "yes", "no"]
SEPARATOR_WORDS = {",": "commas", "\t": "tabs", ";": "semicolons", "|": "bars", " ": "blanks"}

_BY_POSITION = re.compile(r"column [0-9]+")
_MOST_TITLES = 20  # rows above the names
_TABLE_SHARE = 0.9  # of the rows below a title have the same number of cells
_LEAST_REPEATED = 3
_LIKE_NUMBER = re.compile(r"[+-]?[$€£¥]? ?[.,]?[0-9][0-9.,' ]*([eE][+-]?[0-9]+)? ?[%€$]?")


@dataclass(frozen=True)
class Layout:
    """Layout that is asked for, where an empty field is detected; or the layout found."""

    separator: str = ""
    decimal: Literal["", ".", ","] = ""
    header: Header = ""
    """Whether the first row (below titles and comments) holds the names of the columns."""
    encoding: str = ""
    dates: Order = ""
    """Order of day and month in dates of numbers alone; empty: as each column suggests."""

    def describe(self) -> str:
        """Return what was found on one line."""
        parts = [self.encoding]
        if self.separator in SEPARATOR_WORDS:
            parts.append(f"separated by {SEPARATOR_WORDS[self.separator]}")
        if self.decimal == ",":
            parts.append("decimal comma")
        if self.header == "no":
            parts.append("without a row of names")
        return ", ".join(filter(None, parts))

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Opening:
    """Beginning of a table."""

    names: list[str] | None
    """None where the first row is data already."""
    skipped: int
    """Rows before the data: titles, comments and the names."""
    titles: int = 0
    comments: bool = False
    """Whether rows that begin with # and are of another width than the table are comments."""
    width: int = 0
    unnamed_first: bool = False
    """Whether the row of names has no cell for the first column, as R writes it."""


def header_of(columns: Sequence[str]) -> Header:
    """Tell whether a table with these columns has a row of names: "no" where all are called by their position."""
    return "no" if columns and all(_BY_POSITION.fullmatch(name) for name in columns) else "yes"


def find_opening(rows: Sequence[list[str] | str], header: Header) -> Opening:
    """Look at the first `rows`, each a list of cells or the sentence that says why there are none."""
    width = common_width(rows)
    comments = 0
    while comments < len(rows) - 1 and _is_comment(rows[comments]) and not _names_in_comment(rows, comments, width):
        comments += 1
    titles = _titles(rows[comments:], width)
    start = comments + titles
    first = rows[start] if start < len(rows) else []
    if isinstance(first, str):
        return Opening(None, start, titles, comments > 0, width)
    names = _without_hash(first, width) if _is_comment(first) else first
    data = [row for row in rows[start + 1 :] if isinstance(row, list) and len(row) == width]
    marked = _is_comment(first) and names is not first
    known = Opening(names, start + 1, titles, comments > 0 or marked, len(names))
    if header == "no" or (not header and not marked and looks_like_data(names, data)):
        return Opening(None, start, titles, comments > 0, width)
    if 2 <= len(names) == width - 1 and all(map(str.strip, names)) and data and any(map(looks_like_number, data[0])):
        return Opening(["", *names], start + 1, titles, comments > 0, width, unnamed_first=True)
    return known


def common_width(rows: Sequence[list[str] | str]) -> int:
    """Return how many cells most rows have; of equal counts that of the earlier row."""
    widths = Counter(len(row) for row in without_comments(rows))
    return widths.most_common(1)[0][0] if widths else 0


def without_comments(rows: Sequence[list[str] | str]) -> list[list[str]]:
    """Return the rows that do not begin with #, or all where all do."""
    found = [row for row in rows if isinstance(row, list)]
    return [row for row in found if not _is_comment(row)] or found


def looks_like_data(first: Sequence[str], data: Sequence[Sequence[str]]) -> bool:
    """Return whether the first row is data: it has numbers where the rows below have numbers.

    Numbers that count (0, 1, 2 ...) and years are names of columns. Without any numbers, words that each come again
    several times in their column are data.
    """
    if not data:
        return False
    numeric = [position for position, cell in enumerate(first) if cell.strip() and _numeric(data, position)]
    if numeric:
        given = [first[position].strip() for position in numeric]
        return all(map(looks_like_number, given)) and not _like_names(given)
    again = [sum(row[position] == cell for row in data) for position, cell in enumerate(first)]
    return min(again, default=0) >= _LEAST_REPEATED


def _like_names(cells: Sequence[str]) -> bool:
    if not all(cell.isascii() and cell.isdigit() for cell in cells):
        return False
    numbers = [int(cell) for cell in cells]
    steps = {later - number for number, later in pairwise(numbers)}
    return all(1800 <= number <= 2100 for number in numbers) or (len(steps) == 1 and min(steps) > 0)


def _numeric(data: Sequence[Sequence[str]], position: int) -> bool:
    cells = [cell for row in data if (cell := row[position].strip()) and cell.lower() not in MISSING_WORDS]
    return bool(cells) and sum(map(looks_like_number, cells)) >= _TABLE_SHARE * len(cells)


def looks_like_number(cell: str) -> bool:
    """Tell whether a cell is a number in any form."""
    return bool(_LIKE_NUMBER.fullmatch(cell.strip()) or re.match(NUMBER, cell.strip()))


def _is_comment(row: list[str] | str) -> bool:
    return isinstance(row, list) and row[0].lstrip().startswith("#")


def _names_in_comment(rows: Sequence[list[str] | str], position: int, width: int) -> bool:
    """Tell whether a row that begins with # holds the names: numbers follow it in as many columns."""
    row, following = rows[position], rows[position + 1]
    if isinstance(row, str) or isinstance(following, str) or len(following) != width or width < 2:
        return False
    names = _without_hash(row, width)
    return len(names) == width and not any(map(looks_like_number, names)) and any(map(looks_like_number, following))


def _without_hash(row: list[str], width: int) -> list[str]:
    """Return the names in a row such as "# x y" or "#,name,size": a lone # is a name where the width needs it."""
    if row[0].strip() == "#" and len(row) == width + 1:
        return row[1:]
    return [row[0].lstrip().lstrip("#").strip() or row[0], *row[1:]]


def _titles(rows: Sequence[list[str] | str], width: int) -> int:
    """Return how many rows stand above the table: they have fewer cells than it, or one cell that is filled."""
    if width < 2:
        return 0
    for position, row in enumerate(rows[:_MOST_TITLES]):
        if isinstance(row, list) and not _is_title(row, width):
            below = [len(other) == width for other in rows[position + 1 :] if isinstance(other, list)]
            return position if len(below) > 1 and sum(below) >= _TABLE_SHARE * len(below) else 0
    return 0


def _is_title(row: list[str], width: int) -> bool:
    filled = sum(bool(cell.strip()) for cell in row)
    return len(row) < width - 1 or (width >= 3 and filled < 2) or (width == 2 and len(row) < 2)
