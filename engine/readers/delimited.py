"""CSV, TSV and their relatives to rows of cells: the separator is detected, ragged rows are left out and reported.

Python's own reader splits the lines. Its input is bounded first: it would make a list of ten million cells out of one
line, and take the rest of a file for one cell if a closing quote is missing.
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from itertools import chain, islice

from engine.errors import TrainyardError
from engine.readers.cells import Cells
from engine.readers.layout import Layout, Opening, common_width, find_opening, looks_like_number, without_comments
from engine.reading import NUMBER
from engine.sentences import Sentence
from engine.settings import settings

SEPARATORS = (",", "\t", ";", "|")
"""Separators tried first; then blanks; where nothing fits, each line is one cell."""
LONGEST_ROW = 10
"""A row may be this many times as long as its longest cell may be."""
BLANK_ROWS = 2
"""A table may have this many times as many blank rows as others: spreadsheets save a million of them by mistake."""

_NONE, _BLANK = "\x1f", " "  # the separator that no text has
_SAMPLE_CHARACTERS, _SAMPLE_ROWS = 1 << 16, 50
_DECLARED = re.compile(r"sep=(.)\n")  # what Excel writes and understands


class _LeftOutError(Exception):
    """The reader is given no more of a row, and why."""


def read_delimited(text: str, name: str, cells: Cells, layout: Layout) -> Layout:
    """Add all rows of `text` and return the layout; rows with more or fewer cells than most are left out.

    Above the row of names there may be titles and comments. Where the first row is data, columns are called by position.
    """
    text = text.strip("\n")
    declared = _DECLARED.match(text)
    separator = layout.separator or (declared[1] if declared else find_separator(text, name))
    spaced = separator == _BLANK or _quotes_behind_blanks(text, separator)
    csv.field_size_limit(max(csv.field_size_limit(), LONGEST_ROW * settings().max_cell_characters))
    lines = _Lines(text, separator, declared.end() if declared else 0, spaced=spaced)
    rows = _rows(lines, separator, spaced=spaced)
    first = list(islice(rows, _SAMPLE_ROWS))
    opening = find_opening(first, layout.header)
    width = _take_names(first, opening, cells)
    for number, row in enumerate(chain(first[opening.skipped :], rows), opening.skipped + 1):
        if isinstance(row, Sentence):
            cells.leave_out(number, row)
        elif len(row) == width:
            cells.add(row, number)
        elif opening.comments and row[0].lstrip().startswith("#"):
            continue
        elif len(row) < width or any(row[width:]):
            cells.leave_out(number, _uneven(len(row), width))
        else:
            cells.add(row[:width], number)
    return replace(
        layout, separator="" if separator == _NONE else separator, header="no" if opening.names is None else "yes"
    )


@lru_cache(maxsize=1_000)
def _uneven(cells: int, width: int) -> Sentence:
    """The same few sentences for a million rows."""
    return Sentence("Its cells: {cells:,}. Those of the first row: {width:,}.", cells=cells, width=width)


def find_separator(text: str, name: str) -> str:
    """Return the separator that cuts most of the first rows into equally many cells, of which most are numbers.

    Blanks are tried where nothing else fits, and only for numbers: sentences have blanks, too.
    """
    sample = text[:_SAMPLE_CHARACTERS]
    if len(sample) < len(text):  # the last line may be cut
        sample = sample[: sample.rfind("\n") + 1] or sample
    whole = sample.splitlines(keepends=True)
    best, best_score = _NONE, (0.5, 0.0, 1)
    for separator in sorted(SEPARATORS, key=lambda one: one != "\t") if name.lower().endswith(".tsv") else SEPARATORS:
        score = _score(whole, separator)
        best, best_score = (separator, score) if score > best_score else (best, best_score)
    if best == _NONE and (found := _score(whole, _BLANK))[0] > _BLANK_SHARE and found[1] > 0:
        return _BLANK
    return best


_BLANK_SHARE = 0.9


def _score(lines: list[str], separator: str) -> tuple[float, float, int]:
    """Share of the rows that have as many cells as most, share of numbers in the columns below, and how many cells."""
    reader = csv.reader(lines, delimiter=separator, skipinitialspace=separator == _BLANK)
    rows = without_comments([row for row in _until_error(reader) if any(row)])
    width = common_width(rows)
    table = [row for row in rows if len(row) == width]
    if width < 2 or (len(rows[0]) < 2 and len(table) < _BLANK_SHARE * (len(rows) - 1)):
        return 0.0, 0.0, 0
    below = [cell for row in table[1:] for cell in row]
    numbers = sum(map(looks_like_number, below)) / len(below) if below else 0.0
    return len(table) / len(rows), round(numbers, 2), width


def _quotes_behind_blanks(text: str, separator: str) -> bool:
    """Tell whether cells are written as `, "text"`: the quotes then belong to the form, not to the text."""
    mark = re.escape(separator)
    sample = text[:_SAMPLE_CHARACTERS]
    begun = len(re.findall(rf'{mark} +"', sample))
    whole = len(re.findall(rf'{mark} +"(?:[^"\n]|"")*"(?=\s*(?:{mark}|\n|$))', sample))
    return begun > 0 and whole >= _BLANK_SHARE * begun


def _until_error(rows: Iterator[list[str]]) -> Iterator[list[str]]:
    try:
        yield from islice(rows, _SAMPLE_ROWS)
    except csv.Error:
        return


class _Lines:
    """Hands lines to a csv reader, and knows how much of one row it was given."""

    def __init__(self, text: str, separator: str, start: int, *, spaced: bool) -> None:
        mark = re.escape(separator)
        self._text, self._separator, self._position = text, separator, start
        self._cell = re.compile(rf'{" *+" if spaced else ""}(?:"(?:[^"]++|"")*+"?)?+[^{mark}\n]*+(?:{mark}|\n|$)')
        self._most_cells = settings().max_table_columns
        self._most_characters = LONGEST_ROW * settings().max_cell_characters
        self.begin()

    def begin(self) -> None:
        """The next line begins a row."""
        self._start = self._second = self._position
        self._counted = self._most_cells

    @property
    def length(self) -> int:
        """Characters of the row so far."""
        return self._position - self._start

    def give_up(self) -> None:
        """Leave out the first line of the row and go on with the second, which may be a row of its own."""
        self._position = self._second

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        start = self._position
        if start >= len(self._text):
            if start > self._start:
                raise _LeftOutError(Sentence("A closing quote is missing."))
            raise StopIteration
        self._position = self._text.find("\n", start) + 1 or len(self._text)
        if start == self._start:
            self._second = self._position
        if self.length > self._counted:
            self._check()
        return self._text[start : self._position]

    def _check(self) -> None:
        """Raise before a list of millions of cells is made. Separators inside quotes do not count."""
        self._counted = 2 * self.length  # so that a row of many lines is not gone through for each of them
        if self._text.count(self._separator, self._start, self._position) >= self._most_cells:
            found = (cell for cell in self._cell.finditer(self._text, self._start, self._position) if cell[0])
            if sum(1 for _ in islice(found, self._most_cells + 1)) > self._most_cells:
                raise _LeftOutError(
                    Sentence(
                        "The row has more than {most_cells:,} cells (TRAINYARD_MAX_TABLE_COLUMNS).",
                        most_cells=self._most_cells,
                    )
                )
        if self.length > self._most_characters:
            raise _LeftOutError(
                Sentence(
                    "It has more than {most_characters:,} characters; is a closing quote missing?",
                    most_characters=self._most_characters,
                )
            )


def _rows(lines: _Lines, separator: str, *, spaced: bool) -> Iterator[list[str] | Sentence]:
    """Each row that is not blank, or a sentence in its place where it cannot be had."""
    reader = csv.reader(lines, delimiter=separator, skipinitialspace=spaced)
    longest, blank = settings().max_cell_characters, 0
    while True:
        if blank > BLANK_ROWS * settings().max_table_rows:  # reading them takes as long as reading others
            raise TrainyardError("The table has more than {blank:,} blank rows. Delete them.", blank=blank - 1)
        lines.begin()
        try:
            row = next(reader)
        except StopIteration:
            return
        except (_LeftOutError, csv.Error) as error:
            lines.give_up()
            yield (
                error.args[0]
                if isinstance(error, _LeftOutError)
                else Sentence("The row cannot be read ({error}).", error=error)
            )
        else:
            if lines.length > longest and any(len(cell) > longest for cell in row):
                yield Sentence(
                    "A cell has more than {longest:,} characters (TRAINYARD_MAX_CELL_CHARACTERS).", longest=longest
                )
            elif any(row):
                yield row
            else:
                blank += 1


def _take_names(first: list[list[str] | Sentence], opening: Opening, cells: Cells) -> int:
    """Name the columns, say what was passed over, and return how many columns there are."""
    if not first or (opening.names is None and isinstance(row := first[min(opening.skipped, len(first) - 1)], str)):
        raise TrainyardError(
            "{shown} does not have a usable first row with the column names. {row}",
            shown=cells.shown,
            row=row if first else "",
        )
    names = [""] * opening.width if opening.names is None else opening.names
    cells.check(len(names), 0)
    cells.names = names
    if opening.titles:
        cells.problems.add(
            "row 1",
            Sentence("Rows skipped above the column names: {titles:,}.", titles=opening.titles),
        )
    if opening.names is None:
        cells.named_by_position = True
        cells.problems.add(
            f"row {opening.skipped + 1}",
            Sentence(
                "The first row looks like data, so the columns are named by position. If it holds "
                "the column names, use --header yes."
            ),
        )
    elif names and all(re.match(NUMBER, cell.strip()) for cell in names):
        cells.problems.add(
            f"row {opening.skipped}",
            Sentence(
                "The first row has only numbers and was taken as the column names. If it is data, use --header no."
            ),
        )
    return len(names)
