"""Tables of unknown origin: every CSV, TSV, JSON and Parquet file that somebody uploads comes in through here.

Whatever the bytes are, the result is a table of cells as they are written or a `TrainyardError` with a sentence, in
bounded memory. Content decides what a file is; its name is only a hint. On the way, all sources are made alike:

- White space around cells goes; an empty cell is missing.
- Cells stay text. A column in which nearly all cells are numbers of one form is decided to be numbers: with a decimal
  comma, separators of thousands, a unit, in parentheses where negative. Other cells in it count as missing: a few words
  (NA, n/a, #N/A, NaN, null, None, ".", "-", "?") and infinite numbers, and up to a twentieth that are reported.
- Digits with leading zeros or more than fifteen places are text; true and false are text.
- A column in which nearly all cells are dates, ISO or as people write them, is decided to be dates.
- Blank lines are dropped, also those of separators only. Rows with too many or too few cells are left out and reported.
- Names of columns are printable, at most 100 characters, and made unique.
"""

import logging
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from engine.errors import TrainyardError
from engine.readers.cells import Cells, Problem, Problems
from engine.readers.deciding import Decided, decide, decide_dates, decide_decimal, of_numbers
from engine.readers.delimited import read_delimited
from engine.readers.encodings import decode_text
from engine.readers.json_rows import is_json, read_json
from engine.readers.kinds import PLAIN, kind_of
from engine.readers.layout import Layout
from engine.readers.parquet import is_parquet, read_parquet
from engine.readers.tmx import is_tmx, read_tmx
from engine.reading import Reading
from engine.sentences import SPACE, Sentence, joined, placed
from engine.settings import settings

if TYPE_CHECKING:
    import pandas as pd

PARQUET = "Parquet"
_log = logging.getLogger(__name__)
_TAKES = "CSV, TSV, JSON, JSONL, Parquet or TMX"
_PAGES = ("<!doctype", "<html", "<?xml", "<table")


@dataclass(frozen=True)
class TableFile:
    """Content of a file: columns of cells as they are written, and all that was left out or changed."""

    columns: Mapping[str, Any]
    """(rows,) Arrow strings by name, null where a cell is missing; float64 where the file itself has numbers."""
    problems: tuple[Problem, ...] = ()
    places: Sequence[int] = ()
    """The number of each row in its file, counted as `problems` do: rows that were left out count."""
    layout: Layout = field(default_factory=Layout)
    """Layout of the file."""
    nameless: bool = False
    """Whether the first column has no name, as an index that was written with the table."""
    decided: Mapping[str, Decided] = field(default_factory=dict)
    """Default reading of each column; empty where nobody has asked."""

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), ()))

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield the cells of each row by column, None where one is missing."""
        columns = [
            [None if value != value else value for value in cells.to_pylist()] for cells in self.columns.values()
        ]
        return (dict(zip(self.columns, row, strict=True)) for row in zip(*columns, strict=True))

    @cached_property
    def frame(self) -> "pd.DataFrame":
        """Columns of float64 or text as they were decided, NaN where a cell is missing."""
        import pandas as pd

        found = {}
        for name, cells in self.columns.items():
            numbers = self.decided[name].numbers if name in self.decided else None
            found[name] = _finite(numbers) if numbers is not None else cells.to_pandas()
        return pd.DataFrame(found)


def _finite(numbers: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(numbers), numbers, np.nan)


def read_table(data: bytes | Path | IO[bytes], name: str, layout: Layout | None = None) -> TableFile:
    """Read one table, from bytes, a path or an open file, and decide what its columns are.

    `name` is a hint, and appears in messages; `layout` holds what need not be detected. Raise `TrainyardError` for what
    is not a table, is over a limit, has no rows, or has more bad rows than good ones.
    """
    table, problems = _read(data, name, layout or Layout())
    texts = [cells for cells in table.columns.values() if _is_text(cells)]
    decimal = table.layout.decimal or decide_decimal(texts, table.layout.separator)
    decided = {}
    for column, cells in table.columns.items():
        if not _is_text(cells):
            decided[column] = of_numbers(cells)
        elif table.layout.encoding == PARQUET:  # somebody chose a type there: it is kept
            decided[column] = decide_dates(cells, table.layout.dates) or Decided(Reading("category"))
        else:
            decided[column] = decide(cells, decimal, table.layout.dates)
        _tell(column, cells, decided[column], table.places, problems)
    return replace(table, decided=decided, layout=replace(table.layout, decimal=decimal), problems=problems.listed())


def read_cells(data: bytes | Path | IO[bytes], name: str, layout: Layout | None = None) -> TableFile:
    """Read one table as `read_table` does, and decide nothing: what its columns are is known already."""
    table, problems = _read(data, name, layout or Layout())
    return replace(table, problems=problems.listed())


def _read(data: bytes | Path | IO[bytes], name: str, layout: Layout) -> tuple[TableFile, Problems]:
    shown = repr(name[-80:])
    content = _content(data, shown)
    problems = Problems()
    cells = Cells(shown, problems)
    try:
        if is_parquet(content):
            columns, found = read_parquet(content, cells), Layout(encoding=PARQUET)
            _check_rows(cells)
        else:
            found = _add_text(content, name, cells, layout)
            columns = cells.columns()
    except TrainyardError:
        raise
    except Exception as error:  # what the libraries raise for broken bytes is not written down anywhere
        _log.info("Cannot read %s", shown, exc_info=True)
        raise TrainyardError(
            "{shown} is a broken or incomplete table ({error}). Save it again, or as CSV in UTF-8.",
            shown=shown,
            error=str(error)[:100],
        ) from error
    nameless = bool(cells.names) and not cells.names[0].strip() and found.header == "yes"
    places = cells.places or range(2, cells.rows + 2)
    return TableFile(columns, (), places, found, nameless), problems


def _tell(column: str, cells: Any, decided: Decided, places: Sequence[int], problems: Problems) -> None:
    """Report the cells of a column of numbers or dates that count as missing though something stands in them."""
    if decided.numbers is not None and (infinite := int(np.isinf(decided.numbers).sum())):
        problems.add(f"column {column!r}", Sentence("Infinite numbers count as missing: {count:,}.", count=infinite))
    if decided.bad.any():
        problems.add(f"column {column!r}", bad_cells(cells, decided.bad, places, dates=decided.dates is not None))


def bad_cells(cells: Any, bad: np.ndarray, places: Sequence[int], *, dates: bool = False) -> Sentence:
    """Return the sentence for cells that are not numbers, or not dates: how many, and which is the first."""
    first = int(np.flatnonzero(bad)[0])
    shown = repr(str(cells[first].as_py())[:40])
    if dates:
        return Sentence(
            "Cells that are not dates count as missing: {count:,}, the first in row {row}: {cell}.",
            count=int(bad.sum()),
            row=places[first],
            cell=shown,
        )
    return Sentence(
        "Cells that are not numbers count as missing: {count:,}, the first in row {row}: {cell}.",
        count=int(bad.sum()),
        row=places[first],
        cell=shown,
    )


def _is_text(cells: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_string(cells.type))


def _content(data: bytes | Path | IO[bytes], shown: str) -> bytes:
    """The bytes, never more than may be."""
    most = settings().max_table_mb * 1_000_000
    if isinstance(data, Path):
        try:
            if not stat.S_ISREG(data.stat().st_mode):
                raise TrainyardError("{shown} is not a file. Choose a file of type {takes}.", shown=shown, takes=_TAKES)
            with data.open("rb") as file:
                content = file.read(most + 1)
        except OSError as error:
            raise TrainyardError("{shown} cannot be read ({problem}).", shown=shown, problem=error.strerror) from error
    else:
        content = data if isinstance(data, bytes) else data.read(most + 1)
    if len(content) > most:
        raise TrainyardError(
            "{shown} is larger than {max_table_mb:,} MB (TRAINYARD_MAX_TABLE_MB). Leave out columns, or take "
            "a sample of the rows.",
            shown=shown,
            max_table_mb=settings().max_table_mb,
        )
    if not content:
        raise TrainyardError("{shown} is empty (0 bytes). Copy the file again.", shown=shown)
    return content


def _add_text(content: bytes, name: str, cells: Cells, layout: Layout) -> Layout:
    if (kind := kind_of(content)) not in PLAIN:
        if content.startswith(b"PK"):
            kind = Sentence("{kind} (or an Excel workbook)", kind=kind)
        raise TrainyardError("{shown} is {kind}, not a table. Use {takes}.", shown=cells.shown, kind=kind, takes=_TAKES)
    decoded = decode_text(content, name)
    found = replace(layout, encoding=decoded.encoding.upper())
    if decoded.problem:
        cells.problems.add("", decoded.problem)
    if is_tmx(decoded.text):
        read_tmx(content, cells)
        _check_rows(cells)
        return replace(found, separator="", header="")
    start = decoded.text[:200].lstrip().lower()
    if start.startswith(_PAGES):
        raise TrainyardError("{shown} is a web page or XML, not a table. Use {takes}.", shown=cells.shown, takes=_TAKES)
    if is_json(decoded.text) or (name.lower().endswith((".json", ".jsonl", ".ndjson")) and start[:1] in ("{", "[")):
        read_json(decoded.text, cells)
        found = replace(found, separator="", header="")
    else:
        found = read_delimited(decoded.text, name, cells, found)
    _check_rows(cells)
    return found


def _check_rows(cells: Cells) -> None:
    if cells.rows and cells.left_out <= cells.rows:
        return
    found = Sentence("no rows")
    if cells.left_out:
        found = Sentence("{good:,} valid and {bad:,} invalid rows", good=cells.rows, bad=cells.left_out)
    told = Sentence(
        "{shown} has {found}. A table has its column names in the first row, and the same number of "
        "cells in every other row.",
        shown=cells.shown,
        found=found,
    )
    examples = (placed(problem.place, problem.reason) for problem in cells.problems.told[:3])
    raise TrainyardError(joined([told, *examples], SPACE))
