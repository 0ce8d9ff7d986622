"""Probable use of each column of a table, with the reason in words: a first guess that people correct."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from engine.dates import write_date
from engine.readers.deciding import CODE
from engine.readers.tables import TableFile
from engine.reading import Reading, cell_text
from engine.sentences import SEMICOLON, Sentence, joined

if TYPE_CHECKING:
    from engine.readers.deciding import Decided

Kind = Literal["number", "date", "category", "text", "ignore"]

MOST_CATEGORIES = 1_000
"""A column with more different values is no category: most of them would be too rare to be learned from."""
LONG_TEXT_BYTES = 30
"""Mean length in UTF-8 from which cells count as texts: about five English words, or ten Chinese characters."""
FEW_VALUES = 20
"""As many different numbers or fewer may be codes for something; more are likely to be amounts."""

_INDEX_NAMES = ("unnamed: 0", "index", "rownames", "row.names")
"""Names that programs give to a column that numbers rows, where it comes first."""
_SEPARATED = r"[+-]?\d{1,3}([,.' \u00a0\u202f]\d{3})+([.,]\d+)?|[+-]?\d+[.,]\d+"
_SOMEBODY = re.compile(
    "(patient|subject|participant|respondent|person|customer|client|user|member|account|household|student|employee|speaker|author"
    "|donor|animal|患者|病人|受试者|客户|用户|会员|学生|员工|说话人|作者)s?"
    "[ _.-]?(id|ids|no|nr|num|number|code|key|name|编号|号|号码)?[.]?",
    re.IGNORECASE,
)
_MOST_ALIKE = 2  # values of a column that says yes or no, such as `student`
_LOOKED_AT = 10_000  # cells of a column, for what its texts are like
_LIKE = 0.9  # of the cells must look alike for the reason to say so


@dataclass(frozen=True)
class ColumnGuess:
    """A column as it looks: what to take it for, and why."""

    name: str
    kind: Kind
    distinct: int
    """Number of different values."""
    missing: int
    """Number of empty cells."""
    reason: Sentence
    rows: int = 0
    repeats: bool = False
    """Whether it looks like an identifier that several rows share, as the number of a patient with several visits."""


def inspect_columns(table: TableFile) -> list[ColumnGuess]:
    """Return one guess for each column of a table as `read_table` makes it."""
    return [
        _guess(name, cells, table.decided[name], first=position == 0, nameless=position == 0 and table.nameless)
        for position, (name, cells) in enumerate(table.columns.items())
    ]


def _guess(name: str, cells: Any, decided: "Decided", *, first: bool, nameless: bool) -> ColumnGuess:
    import pyarrow.compute as pc

    numbers = decided.numbers
    if numbers is not None:
        present = numbers[np.isfinite(numbers)]
        distinct, missing = len(np.unique(present)), len(numbers) - len(present)
    elif decided.dates is not None:
        known = decided.dates[np.isfinite(decided.dates)]
        distinct, missing = len(np.unique(known)), len(cells) - len(known)
        different = [write_date(float(known[0]), times=decided.reading.times)]
    else:
        texts = cells.drop_null()
        different = pc.unique(texts)
        distinct, missing = len(different), len(cells) - len(texts)
    if distinct == 0:
        kind, reason = _ignore(Sentence("every cell is empty"))
    elif distinct == 1:
        only = cell_text(float(present[0])) if numbers is not None else str(different[0])
        kind, reason = _ignore(Sentence("every cell is {value!r}; a constant carries no information", value=only[:40]))
    elif numbers is not None:
        kind, reason = _of_numbers(name, present, distinct, first=first, nameless=nameless)
        reason = _with(reason, [*_form(decided.reading), *_written_twice(cells, distinct)])
    elif decided.dates is not None:
        kind, reason = "date", _of_dates(known, decided)
    else:
        kind, reason = _of_texts(texts, distinct)
    repeats = (
        _MOST_ALIKE < distinct < len(cells) - missing
        and _identifies(name)
        and decided.dates is None
        and (numbers is None or _whole(present))
    )
    if repeats:
        remark = Sentence("it looks like an identifier that repeats: if its rows belong together, take it as the group")
        reason = _with(reason, [remark])
    return ColumnGuess(name, kind, distinct, missing, reason, len(cells), repeats)


def _ignore(reason: Sentence) -> tuple[Kind, Sentence]:
    return "ignore", reason


def _with(reason: Sentence, remarks: list[Sentence]) -> Sentence:
    return joined([reason, *remarks], SEMICOLON) if remarks else reason


def _of_numbers(name: str, present: np.ndarray, distinct: int, *, first: bool, nameless: bool) -> tuple[Kind, Sentence]:
    whole = _whole(present)
    if whole and distinct == len(present) > 2:
        if (np.diff(present) > 0).all() and present[-1] - present[0] == distinct - 1:
            return _ignore(Sentence("the rows are numbered: a row number carries no information"))
        if nameless or (first and name.lower() in _INDEX_NAMES):
            return _ignore(
                Sentence("an unnamed first column of distinct whole numbers: an index carries no information")
            )
        if _named_id(name):
            return _ignore(Sentence("every number is different, and the name suggests a row identifier"))
    if whole and distinct <= FEW_VALUES:
        return "number", Sentence(
            "whole numbers, only {distinct} different ones: if they are codes, choose category",
            distinct=distinct,
        )
    return "number", Sentence("every cell is a number")


def _of_dates(known: np.ndarray, decided: "Decided") -> Sentence:
    """Return from when to when (dates,) seconds go, and how they were read where that is not certain."""
    first, last = (write_date(float(end)) for end in (known.min(), known.max()))
    said = Sentence(
        "dates from {first} to {last}: year, month, day, weekday and elapsed days are learned from",
        first=first,
        last=last,
    )
    if not decided.doubtful:
        return said
    orders = {"dmy": Sentence("day/month"), "mdy": Sentence("month/day")}
    doubt = Sentence(
        "no date says whether the day or the month comes first: read as {order}", order=orders[decided.reading.order]
    )
    return joined([doubt, said], SEMICOLON)


def _form(reading: Reading) -> list[Sentence]:
    """Return in words what was read into the numbers, where they are not plain."""
    said = [Sentence("the decimal mark is a comma")] if reading.decimal == "," else []
    if reading.thousands:
        said.append(Sentence("{thousands!r} separates the thousands", thousands=reading.thousands))
    if reading.unit:
        said.append(Sentence("the unit {unit!r} is dropped", unit=reading.unit))
    return said


def _written_twice(cells: Any, distinct: int) -> list[Sentence]:
    """Say where a number is written in several ways, such as 3.1 and 3.10: they may name something."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if distinct > FEW_VALUES or not pa.types.is_string(cells.type):
        return []
    written = [cell for cell in pc.unique(cells.drop_null()).to_pylist() if _TRAILING.fullmatch(cell)]
    short = {cell for cell in written if not cell.endswith("0")}
    twice = next((cell for cell in written if cell.endswith("0") and cell.rstrip("0") in short), "")
    if not twice:
        return []
    return [
        Sentence(
            "{shorter!r} and {longer!r} are the same number: if they are names, choose category",
            shorter=twice.rstrip("0"),
            longer=twice,
        )
    ]


_TRAILING = re.compile(r"[0-9]+\.[0-9]*")


def _named_id(name: str) -> bool:
    """Whether a name is `id`, `user_id`, `customerID` or the like; `paid` and `humid` are not."""
    return name.lower() == "id" or name.lower().endswith(("_id", " id", "-id", ".id")) or name.endswith(("Id", "ID"))


def _identifies(name: str) -> bool:
    """Whether a name says that the column identifies somebody or something: `patient`, `customer no`, `user_id`."""
    return _named_id(name) or _SOMEBODY.fullmatch(name) is not None


def _whole(numbers: np.ndarray) -> bool:
    return bool((numbers % 1 == 0).all())


def _of_texts(texts: Any, distinct: int) -> tuple[Kind, Sentence]:
    count, cells = len(texts), texts.slice(0, _LOOKED_AT).to_pylist()
    remark = _remark(cells)
    if _mean_bytes(cells) >= LONG_TEXT_BYTES and (2 * distinct > count or distinct > MOST_CATEGORIES):
        return "text", _with(Sentence("long texts, most of them different"), remark)
    if distinct == count:
        return _ignore(_with(Sentence("every cell is different, as in a column of names or row numbers"), remark))
    if distinct > MOST_CATEGORIES:
        rare = Sentence(
            "{distinct:,} different values, more than {most:,}: most are too rare",
            distinct=distinct,
            most=MOST_CATEGORIES,
        )
        return _ignore(_with(rare, remark))
    if 2 * distinct > count:
        once = Sentence(
            "{distinct:,} different values in {present:,} cells: most occur once", distinct=distinct, present=count
        )
        return _ignore(_with(once, remark))
    return "category", _with(Sentence("{distinct:,} different values that repeat", distinct=distinct), remark)


def _mean_bytes(cells: list[str]) -> float:
    return sum(len(cell.encode()) for cell in cells) / len(cells)


def _remark(cells: list[str]) -> list[Sentence]:
    """Return what else the cells look like, where that explains why they are not numbers."""
    if _share(cells, _SEPARATED) >= _LIKE:
        return [
            Sentence(
                "they look like numbers with a different decimal mark from the rest of the "
                "file: choose the decimal mark"
            )
        ]
    if _share(cells, CODE.strip("^") + r"\d*") >= _LIKE:
        return [Sentence("digits with leading zeros or more than 15 digits are kept as text")]
    return []


def _share(cells: list[str], pattern: str) -> float:
    """Return the share of cells that match a pattern entirely, from 0 to 1."""
    whole = re.compile(pattern)
    return sum(1 for cell in cells if whole.fullmatch(cell)) / len(cells)
