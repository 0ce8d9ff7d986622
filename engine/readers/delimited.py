"""CSV, TSV and their relatives to rows of cells: the separator is found out, ragged rows are left out and reported.

Python's own reader splits the lines. What it is given is bounded before: it would make a list of ten million cells out
of one line, and take the rest of a file for one cell where a closing quote is missing.
"""

import csv
import re
from collections.abc import Iterator
from itertools import islice

from engine.errors import TrainyardError
from engine.readers.cells import NUMBER, Cells
from engine.sentences import Sentence
from engine.settings import settings

SEPARATORS = (",", "\t", ";", "|")
"""What is tried; where none fits, each line is one cell."""
LONGEST_ROW = 10
"""A row may be this many times as long as its longest cell may be."""

_NONE = "\x1f"  # the separator that no text has
_SAMPLE_CHARACTERS, _SAMPLE_ROWS = 1 << 16, 50
_DECLARED = re.compile(r"sep=(.)\n")  # what Excel writes and understands


class _LeftOutError(Exception):
    """The reader is given no more of a row, and why."""


def read_delimited(text: str, name: str, cells: Cells) -> None:
    """Add all rows of `text`; the first holds the names. Rows with more or fewer cells than it are left out."""
    declared = _DECLARED.match(text)
    separator = declared[1] if declared else find_separator(text, name)
    csv.field_size_limit(max(csv.field_size_limit(), LONGEST_ROW * settings().max_cell_characters))
    rows = _rows(_Lines(text, separator, declared.end() if declared else 0), separator)
    width = _take_names(next(rows, []), cells)
    for number, row in enumerate(rows, 2):
        if isinstance(row, str):
            cells.leave_out(number, row)
        elif len(row) == width:
            cells.add(row, number)
        elif len(row) < width or any(row[width:]):
            cells.leave_out(
                number, Sentence("Its cells: {row:,}. Those of the first row: {width:,}.", row=len(row), width=width)
            )
        else:
            cells.add(row[:width], number)


def find_separator(text: str, name: str) -> str:
    """The separator that cuts the first rows into most cells, equally many in most of them."""
    sample = text[:_SAMPLE_CHARACTERS]
    whole = sample[: sample.rfind("\n") + 1] or sample
    best, best_score = _NONE, (0.5, 1)
    for separator in sorted(SEPARATORS, key=lambda one: one != "\t") if name.lower().endswith(".tsv") else SEPARATORS:
        rows = csv.reader(whole.splitlines(keepends=True), delimiter=separator)
        widths = [len(row) for row in _until_error(rows) if row]
        if widths and widths[0] > 1:
            score = (widths.count(widths[0]) / len(widths), widths[0])
            best, best_score = (separator, score) if score > best_score else (best, best_score)
    return best


def _until_error(rows: Iterator[list[str]]) -> Iterator[list[str]]:
    try:
        yield from islice(rows, _SAMPLE_ROWS)
    except csv.Error:
        return


class _Lines:
    """Hands lines to a csv reader, and knows how much of one row it was given."""

    def __init__(self, text: str, separator: str, start: int) -> None:
        mark = re.escape(separator)
        self._text, self._separator, self._position = text, separator, start
        self._cell = re.compile(rf'(?:"(?:[^"]++|"")*+"?)?+[^{mark}\n]*+(?:{mark}|\n|$)')
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


def _rows(lines: _Lines, separator: str) -> Iterator[list[str] | str]:
    """Each row that is not blank, or a sentence in its place where it cannot be had."""
    reader = csv.reader(lines, delimiter=separator)
    longest = settings().max_cell_characters
    while True:
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


def _take_names(row: list[str] | str, cells: Cells) -> int:
    """The first row becomes the names; returns how many there are."""
    if isinstance(row, str):
        raise TrainyardError(
            "{shown} has no usable first row, which holds the names of the columns. {row}", shown=cells.shown, row=row
        )
    cells.check(len(row), 0)
    cells.names = row
    if row and all(re.match(NUMBER, cell.strip()) for cell in row):
        cells.problems.add(
            "row 1",
            Sentence(
                "The first row holds only numbers, and was taken for the names. Write the names into a row above."
            ),
        )
    return len(row)
