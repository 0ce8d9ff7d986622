"""What each column of a table is probably good for, with the reason in words: a first guess that people correct."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from engine.readers.cells import CODE
from engine.sentences import Sentence

if TYPE_CHECKING:
    import pandas as pd

Kind = Literal["number", "category", "text", "ignore"]

MOST_CATEGORIES = 1_000
"""A column with more different values is no category: most of them would be too rare to be learned from."""
LONG_TEXT_BYTES = 30
"""Mean length in UTF-8 from which cells count as texts: about five English words, or ten Chinese characters."""
FEW_VALUES = 20
"""As many different numbers or fewer may be codes for something; more are likely to be amounts."""

_SEPARATED = r"[+-]?\d{1,3}([,.' \u00a0\u202f]\d{3})+([.,]\d+)?|[+-]?\d+,\d+"
_DATE = r"\d{1,4}([-/.])\d{1,2}\1\d{1,4}([T ].*)?"
_LOOKED_AT = 10_000  # cells of a column, for what its texts are like
_LIKE = 0.9  # of the cells must look alike for the reason to say so


@dataclass(frozen=True)
class ColumnGuess:
    """A column as it looks: what to take it for, and why."""

    name: str
    kind: Kind
    distinct: int
    """How many different values there are."""
    missing: int
    """How many cells are empty."""
    reason: str


def inspect_columns(frame: "pd.DataFrame") -> list[ColumnGuess]:
    """One guess for each column of a table as `read_table` makes it: float64, or text with NaN."""
    return [_guess(str(name), frame[name]) for name in frame.columns]


def _guess(name: str, column: "pd.Series") -> ColumnGuess:
    present = column.dropna()
    distinct, missing = int(present.nunique()), len(column) - len(present)
    if not len(present):
        kind, reason = _ignore(Sentence("every cell is empty"))
    elif distinct == 1:
        kind, reason = _ignore(
            Sentence("every cell is {value!r}; a constant tells nothing", value=str(present.iloc[0])[:40])
        )
    elif column.dtype.kind == "f":
        kind, reason = _of_numbers(name, present, distinct)
    else:
        kind, reason = _of_texts(present, distinct)
    return ColumnGuess(name, kind, distinct, missing, reason)


def _ignore(reason: str) -> tuple[Kind, str]:
    return "ignore", reason


def _of_numbers(name: str, present: "pd.Series", distinct: int) -> tuple[Kind, str]:
    whole = bool((present % 1 == 0).all())
    if whole and distinct == len(present) > 2:
        if present.is_monotonic_increasing and present.iloc[-1] - present.iloc[0] == distinct - 1:
            return _ignore(Sentence("the rows are numbered: a number of a row tells nothing"))
        if _named_id(name):
            return _ignore(Sentence("every number is different, and the name says that it identifies a row"))
    if whole and distinct <= FEW_VALUES:
        return "number", Sentence(
            "whole numbers, only {distinct} different ones: if they are codes, take them as a category",
            distinct=distinct,
        )
    return "number", Sentence("every cell is a number")


def _named_id(name: str) -> bool:
    """Whether a name is `id`, `user_id`, `customerID` or the like; `paid` and `humid` are not."""
    return name.lower() == "id" or name.lower().endswith(("_id", " id", "-id", ".id")) or name.endswith(("Id", "ID"))


def _of_texts(present: "pd.Series", distinct: int) -> tuple[Kind, str]:
    remark = _remark(present)
    if _mean_bytes(present) >= LONG_TEXT_BYTES and (2 * distinct > len(present) or distinct > MOST_CATEGORIES):
        return "text", Sentence("long texts, of which most differ") + remark
    if distinct == len(present):
        return _ignore(Sentence("every cell is different, as in a column of names or numbers of rows") + remark)
    if distinct > MOST_CATEGORIES:
        return _ignore(
            Sentence(
                "{distinct:,} different values, more than {most:,}: most are too rare",
                distinct=distinct,
                most=MOST_CATEGORIES,
            )
            + remark
        )
    if 2 * distinct > len(present):
        return _ignore(
            Sentence(
                "{distinct:,} different values in {present:,} cells: most occur once",
                distinct=distinct,
                present=len(present),
            )
            + remark
        )
    return "category", Sentence("{distinct:,} different values that repeat", distinct=distinct) + remark


def _mean_bytes(present: "pd.Series") -> float:
    cells = present.head(_LOOKED_AT)
    return sum(len(str(cell).encode()) for cell in cells) / len(cells)


def _remark(present: "pd.Series") -> str:
    """What else the cells look like, where that explains why they are no numbers."""
    cells = present.head(_LOOKED_AT).astype(str)
    if _share(cells, _SEPARATED) >= _LIKE:
        return Sentence(
            "; they look like numbers with thousands separators or decimal commas: write 1234.5 to have numbers"
        )
    if _share(cells, _DATE) >= _LIKE:
        return Sentence("; they look like dates, which stay text: a column of years, months or days would be numbers")
    if _share(cells, CODE.strip("^") + r"\d*") >= _LIKE:
        return Sentence("; digits with leading zeros or more than 15 places are kept as text")
    return ""


def _share(cells: "pd.Series", pattern: str) -> float:
    """How many of the cells are wholly of a pattern, from 0 to 1."""
    whole = re.compile(pattern)
    return sum(1 for cell in cells if whole.fullmatch(cell)) / len(cells)
