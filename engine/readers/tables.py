"""Tables of unknown origin: every CSV, TSV, JSON and Parquet file that somebody uploads comes in through here.

Whatever the bytes are, the result is a table of numbers and texts or a `TrainyardError` with a sentence, in bounded
memory. Content decides what a file is; its name is only a hint. On the way, all sources are made alike:

- A column is float64 if every cell that is there is a plain number such as `-1.5e3`; otherwise it is text.
- White space around a cell is dropped; an empty cell is missing (NaN). In a column of numbers so are NA, NaN, null,
  None, - and ?, and infinite numbers, which are reported.
- Digits with leading zeros or more than fifteen places are text. Dates are text; true and false are text.
- Blank lines are dropped, also those of separators only. Rows with too many or too few cells are left out and reported.
- Names of columns are printable, at most 100 characters, and made unique.
"""

import logging
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from engine.errors import TrainyardError
from engine.readers.cells import Cells, Problem, Problems
from engine.readers.delimited import read_delimited
from engine.readers.encodings import decode_text
from engine.readers.json_rows import is_json, read_json
from engine.readers.kinds import kind_of
from engine.readers.parquet import is_parquet, read_parquet
from engine.settings import settings

if TYPE_CHECKING:
    import pandas as pd

_log = logging.getLogger(__name__)
_TAKES = "CSV, TSV, JSON, JSONL or Parquet"
_PAGES = ("<!doctype", "<html", "<?xml", "<table")


@dataclass(frozen=True)
class TableFile:
    """What a file held: columns of float64 or text, NaN where a cell is missing, and all that was left out or changed."""

    frame: "pd.DataFrame"
    problems: tuple[Problem, ...] = ()
    places: Sequence[int] = ()
    """The number of each row in its file, counted as `problems` do: rows that were left out count."""


def read_table(data: bytes | Path | IO[bytes], name: str) -> TableFile:
    """Read one table, from bytes, a path or an open file. `name` is a hint, and for sentences.

    Raises `TrainyardError` for what is no table, is over a limit, has no rows, or has more bad rows than good ones.
    """
    shown = repr(name[-80:])
    content = _content(data, shown)
    problems = Problems()
    cells = Cells(shown, problems)
    try:
        frame = _parquet(content, cells) if is_parquet(content) else _text(content, name, cells)
    except TrainyardError:
        raise
    except Exception as error:  # what the libraries raise for broken bytes is not written down anywhere
        _log.info("Cannot read %s", shown, exc_info=True)
        raise TrainyardError(
            "{shown} is a broken or incomplete table ({error}). Save it again, or as CSV in UTF-8.",
            shown=shown,
            error=str(error)[:100],
        ) from error
    return TableFile(frame, problems.listed(), cells.places or range(2, len(frame) + 2))


def _content(data: bytes | Path | IO[bytes], shown: str) -> bytes:
    """The bytes, never more than may be."""
    most = settings().max_table_mb * 1_000_000
    if isinstance(data, Path):
        try:
            if not stat.S_ISREG(data.stat().st_mode):
                raise TrainyardError("{shown} is no file. Choose a file of {takes}.", shown=shown, takes=_TAKES)
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


def _parquet(content: bytes, cells: Cells) -> "pd.DataFrame":
    frame = read_parquet(content, cells)
    _check_rows(cells)
    return frame


def _text(content: bytes, name: str, cells: Cells) -> "pd.DataFrame":
    if (kind := kind_of(content)) not in ("text", "of an unknown format"):
        also = " (or an Excel workbook)" if content.startswith(b"PK") else ""
        raise TrainyardError(
            "{shown} is {kind}{also}, not a table. Use {takes}.", shown=cells.shown, kind=kind, also=also, takes=_TAKES
        )
    decoded = decode_text(content, name)
    if decoded.problem:
        cells.problems.add("", decoded.problem)
    start = decoded.text[:200].lstrip().lower()
    if start.startswith(_PAGES):
        raise TrainyardError("{shown} is a web page or XML, not a table. Use {takes}.", shown=cells.shown, takes=_TAKES)
    if is_json(decoded.text) or (name.lower().endswith((".json", ".jsonl", ".ndjson")) and start[:1] in ("{", "[")):
        read_json(decoded.text, cells)
    else:
        read_delimited(decoded.text, name, cells)
    _check_rows(cells)
    return cells.frame()


def _check_rows(cells: Cells) -> None:
    if cells.rows and cells.left_out <= cells.rows:
        return
    found = f"{cells.rows:,} good rows and {cells.left_out:,} bad ones" if cells.left_out else "no rows"
    examples = " ".join(f"{problem.place}: {problem.reason}".lstrip(": ") for problem in cells.problems.told[:3])
    raise TrainyardError(
        f"{cells.shown} has {found}. A table has the names of its columns in the first row, and in each other row as many "
        f"cells. {examples}".rstrip()
    )
