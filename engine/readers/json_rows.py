"""JSON to rows of cells: one object a line (JSONL), or one array of objects.

An array is read object by object, never as a whole: a few bytes of JSON can become a hundred times as much memory.
"""

import json
import re
from collections.abc import Iterator
from itertools import count
from typing import Any

from engine.errors import TrainyardError
from engine.readers.cells import Cells
from engine.sentences import Sentence
from engine.settings import settings

LONGEST_OBJECT = 10
"""An object may be this many times as long as its longest cell may be."""

_LIKE_JSON = re.compile(r'\s*(\{\s*["}]|\[\s*[{\]])')
_BETWEEN = re.compile(r"[\s,]*")
_decoder = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str)  # numbers stay as they are written


def is_json(text: str) -> bool:
    """Whether the text begins like an object, or like an array of objects."""
    return bool(_LIKE_JSON.match(text))


def read_json(text: str, cells: Cells) -> None:
    """Add all objects of `text`; their keys are the columns, in the order in which they appear.

    Lines that hold no object are left out and reported; an array that breaks off is refused, and so are lists and
    objects inside of cells.
    """
    places: dict[str, int] = {}
    array = text.lstrip().startswith("[")
    for number, value in enumerate(_of_array(text, cells.shown) if array else _of_lines(text), 1):
        if isinstance(value, Sentence):
            cells.leave_out(number, value)
        elif not value:
            cells.leave_out(number, Sentence("The object is empty."))
        else:
            _add(_row(value, places, cells, number), cells, number)


def _add(row: list[str], cells: Cells, number: int) -> None:
    longest = settings().max_cell_characters
    if any(len(cell) > longest for cell in row):
        reason = Sentence(
            "A cell has more than {longest:,} characters (TRAINYARD_MAX_CELL_CHARACTERS).", longest=longest
        )
        cells.leave_out(number, reason)
    else:
        cells.add(row, number)


def _of_lines(text: str) -> Iterator[dict[str, Any] | Sentence]:
    """The object of each line that is not blank, or a sentence in its place."""
    position = 0
    while position < len(text):
        end = text.find("\n", position) + 1 or len(text)
        if end - position > _most_characters():
            yield Sentence("The line has more than {most_characters:,} characters.", most_characters=_most_characters())
        elif line := text[position:end].strip():
            yield _parsed(line)
        position = end


def _parsed(line: str) -> dict[str, Any] | Sentence:
    try:
        value = _decoder.decode(line)
    except (ValueError, RecursionError) as error:
        return Sentence("The line is not a JSON object ({short}).", short=_short(error))
    return (
        value
        if isinstance(value, dict)
        else Sentence("The line is not a JSON object, but {kind}.", kind=type(value).__name__)
    )


def _of_array(text: str, shown: str) -> Iterator[dict[str, Any]]:
    """The objects of an array, one after the other."""
    position = text.index("[") + 1
    for number in count(1):
        found = _BETWEEN.match(text, position)
        position = found.end() if found else position
        if text.startswith("]", position):
            return
        value, length = _first_object(text, position, shown, number)
        position += length
        yield value


def _first_object(text: str, position: int, shown: str, number: int) -> tuple[dict[str, Any], int]:
    """The object that begins at `position`, and its length; only as much is looked at as it needs."""
    error: Exception | None = None
    for size in (1 << 12, 1 << 16, _most_characters()):
        try:
            value, length = _decoder.raw_decode(text[position : position + size])
        except (ValueError, RecursionError) as caught:
            error = caught
        else:
            if isinstance(value, dict):
                return value, length
            break
    reason = Sentence("is not a complete object")
    if error is not None:
        reason = Sentence("is not a complete object ({problem})", problem=_short(error))
    raise TrainyardError(
        '{shown} is an array whose item {number:,} {reason}. A table is an array of objects: [{{"name": 1}}, ...].',
        shown=shown,
        number=number,
        reason=reason,
    )


def _short(error: Exception) -> str:
    return Sentence("nested too deeply") if isinstance(error, RecursionError) else str(error)[:100]


def _row(value: dict[str, Any], places: dict[str, int], cells: Cells, number: int) -> list[str]:
    """The cells of an object, in the order of the columns; new keys become new columns."""
    for key in value:
        if key not in places:
            places[key] = len(places)
            cells.check(len(places), 0)
            cells.names.append(key)
    row = [""] * len(places)
    for key, cell in value.items():
        row[places[key]] = _cell(cell, key, cells.shown, number)
    return row


def _cell(value: Any, key: str, shown: str, number: int) -> str:
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode()  # half of a surrogate pair
    if isinstance(value, list | dict):
        found = Sentence("a list") if isinstance(value, list) else Sentence("an object")
        raise TrainyardError(
            "{shown} has {found} in column {key!r} (row {number:,}). A cell holds one text or number: leave "
            "the column out, or give each item a column of its own.",
            shown=shown,
            found=found,
            key=key[:80],
            number=number,
        )
    return "" if value is None else "true" if value else "false"


def _most_characters() -> int:
    return LONGEST_OBJECT * settings().max_cell_characters
