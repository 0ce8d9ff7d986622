"""Translation memories (TMX) to rows of cells: a column for each language, a row for each unit.

The XML is parsed piece by piece by `defusedxml`, which refuses entities of its own and anything from outside.
"""

from collections.abc import Iterator
from io import BytesIO
from typing import Any

from engine.errors import TrainyardError
from engine.readers.cells import Cells
from engine.sentences import Sentence
from engine.settings import settings

_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_CODES = frozenset(("bpt", "ept", "ph", "it", "ut"))  # hold formatting of another program, and no words


def is_tmx(text: str) -> bool:
    """Whether the text begins like a translation memory."""
    start = text[:2_000].lower()
    return start.lstrip().startswith("<") and "<tmx" in start


def read_tmx(content: bytes, cells: Cells) -> None:
    """Add all units; the languages are the columns, in the order in which they appear.

    A unit that lacks a language that others have has a missing cell. Raise `TrainyardError` for what is no XML, or is
    hostile.
    """
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import ParseError

    places: dict[str, int] = {}
    try:
        for number, unit in enumerate(_units(content), 1):
            _add(unit, places, cells, number)
    except (ParseError, DefusedXmlException) as error:
        raise TrainyardError(
            "{shown} is a broken or unusual TMX file ({error}). Save it again.",
            shown=cells.shown,
            error=str(error)[:100],
        ) from error


def _add(unit: dict[str, str], places: dict[str, int], cells: Cells, number: int) -> None:
    longest = settings().max_cell_characters
    if any(len(text) > longest for text in unit.values()):
        words = Sentence(
            "A cell has more than {longest:,} characters (TRAINYARD_MAX_CELL_CHARACTERS).", longest=longest
        )
        cells.leave_out(number, words)
        return
    if not unit:
        cells.leave_out(number, Sentence("The unit has no texts."))
        return
    for language in unit:
        if language not in places:
            places[language] = len(cells.names)
            cells.names.append(language)
            cells.check(len(cells.names), cells.rows)
    row = [""] * len(cells.names)
    for language, text in unit.items():
        row[places[language]] = text
    cells.add(row, number)


def _units(content: bytes) -> Iterator[dict[str, str]]:
    """Yield the texts of each unit by language; of several in one language the first."""
    from defusedxml.ElementTree import iterparse

    found: dict[str, str] = {}
    language = ""
    root: Any = None
    for event, element in iterparse(BytesIO(content), events=("start", "end")):
        root = element if root is None else root
        if event == "start":
            if element.tag == "tuv":
                language = (element.get(_LANGUAGE) or element.get("lang") or "").strip()
            continue
        if element.tag == "seg" and language:
            found.setdefault(language, " ".join("".join(_texts(element)).split()))
        elif element.tag == "tu":
            yield found
            found = {}
            root.clear()  # what was read need not be kept


def _texts(element: Any) -> Iterator[str]:
    if element.tag not in _CODES:
        yield element.text or ""
        for inner in element:
            yield from _texts(inner)
            yield inner.tail or ""
    else:
        for inner in element.iter("sub"):
            yield from _texts(inner)
