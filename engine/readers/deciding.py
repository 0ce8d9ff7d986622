"""Decide from the text of its cells how a column is read: as numbers of one form, or as words."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from engine.dates import DAY_SECONDS, Order, decide_order
from engine.reading import MISSING_WORDS, TRUTH_WORDS, Reading

CODE = r"^[+-]?(0[0-9]|[0-9]{16,}$)"
"""Digits that would not survive as a number: 00123 would lose its zeros, a long account number its end."""
MOST_BAD = 0.05
"""Share of cells that may be something else in a column of numbers; they count as missing."""
LEAST_DIFFERENT = 20
"""Numbers that a column with other cells among them must have, all different: with fewer they may be codes."""

_LOOKED_AT = 10_000  # different cells
_FIRST, _HALF = 1_000, 0.5
_CURRENCIES = ("EUR", "USD", "GBP", "CHF", "JPY", "CNY", "RMB", "INR", "CAD", "AUD", "SEK", "NOK", "DKK", "PLN", "CZK")
_UNIT = re.compile(
    rf"(?:US|R|A|C|HK|NT)?(?P<sign>[$%‰\u00a2-\u00a5\u20a0-\u20cf元円])|(?:{'|'.join(_CURRENCIES)})\b|\bkr\b|zł"
)
_COMMA = re.compile(r"[0-9]*,[0-9]+|[0-9]{1,3}([. '][0-9]{3})+,[0-9]+")
_POINT = re.compile(r"[0-9]*\.[0-9]+|[0-9]{1,3}([, '][0-9]{3})+\.[0-9]+")
_GROUPS = re.compile(r"[+-]?[1-9][0-9]{0,2}([,.' ])[0-9]{3}(\1[0-9]{3})*(?![0-9])")
_WIDE = 1e-3  # of the standard deviation: what 32 bits may change


@dataclass(frozen=True)
class Decided:
    """A column as it is read unless somebody says otherwise."""

    reading: Reading
    numbers: np.ndarray | None = None
    """(rows,) float64, NaN where missing, of a column of numbers."""
    bad: np.ndarray = field(default_factory=lambda: np.zeros(0, bool))
    """(rows,) bool: cells of a column of numbers or dates that are something else."""
    dates: np.ndarray | None = None
    """(rows,) float64, seconds since 1970, NaN where missing, of a column of dates."""
    doubtful: bool = False
    """Whether no date says which number is the day and which the month."""


def decide_decimal(columns: Iterable[Any], separator: str) -> Literal[".", ","]:
    """Return the decimal mark of a file, one for all of its columns: that of most unambiguous cells.

    1,234 is ambiguous: it may be a thousand. If all cells are ambiguous, semicolons between cells suggest a comma.
    """
    commas = points = doubtful = 0
    for texts in columns:
        for cell in _different(texts, 200):
            plain = cell.strip("+-% ")
            grouped = bool(_GROUPS.fullmatch(plain))
            commas += bool(_COMMA.fullmatch(plain)) and not grouped
            points += bool(_POINT.fullmatch(plain)) and not (grouped and plain.count(".") > 1)
            doubtful += grouped and "," in plain
    if commas or points:
        return "," if commas > points else "."
    return "," if doubtful and separator == ";" else "."


def decide(texts: Any, decimal: str, order: Order = "") -> Decided:
    """Decide for (rows,) Arrow strings, trimmed, null where a cell is empty."""
    import pyarrow.compute as pc

    found = _as_numbers(texts, decimal) or decide_dates(texts, order)
    return found or Decided(as_category(pc.unique(texts.drop_null()).slice(0, _LOOKED_AT).to_pylist()))


def of_numbers(values: Any) -> Decided:
    """Decide for (rows,) Arrow float64, which a file with types has."""
    numbers = values.to_numpy().astype(np.float64)
    return Decided(Reading("number", wide=is_wide(numbers)), numbers, np.zeros(len(numbers), bool))


def decide_dates(texts: Any, order: Order = "") -> Decided | None:
    """Return how cells are read as dates; None where too many are something else."""
    present = texts.drop_null()
    looked = present.slice(0, _FIRST)
    if not len(present) or as_dates(looked, order).bad.mean() > _HALF:
        return None
    found = as_dates(texts, order)
    some = found.dates is not None and np.isfinite(found.dates).any()
    return found if some and found.bad.sum() <= MOST_BAD * len(present) else None


def as_dates(texts: Any, order: Order = "") -> Decided:
    """Return how cells are read as dates, whatever they look like: what is none counts as missing. `order` overrules the guess."""
    guess, sure = decide_order(_different(texts, _LOOKED_AT))
    reading = Reading("date", order=order if order and guess else guess)
    dates, bad = reading.dates(texts)
    known = dates[np.isfinite(dates)]
    times = bool((known % DAY_SECONDS != 0).any())
    return Decided(replace(reading, times=times), None, bad, dates, doubtful=not sure and not order)


def as_category(different: Sequence[str]) -> Reading:
    """Return how cells are read as a category."""
    lower = {cell.strip().lower() for cell in different}
    plain = Reading("number")
    numeric = lower - MISSING_WORDS
    missing = bool(numeric) and numeric != lower and all(plain.number(cell) is not None for cell in numeric)
    return Reading("category", booleans=bool(lower) and lower <= TRUTH_WORDS, missing=missing)


def as_number(texts: Any, decimal: str) -> Decided:
    """Return how cells are read as numbers, whatever they look like: what is none counts as missing."""
    reading = _with_marks(texts, Reading("number", decimal))
    numbers, bad = reading.numbers(texts)
    return Decided(replace(reading, wide=is_wide(numbers)), numbers, bad)


def is_wide(numbers: np.ndarray) -> bool:
    """Tell whether 32 bits would blur (rows,) float64, such as times in milliseconds."""
    largest = float(np.finfo(np.float32).max) / 2
    present = numbers[np.abs(numbers) < largest]
    if len(present) < 2 or (deviation := float(present.std())) == 0.0:
        return False
    return float(np.spacing(np.float32(np.abs(present).max()))) > _WIDE * deviation


def _as_numbers(texts: Any, decimal: str) -> Decided | None:
    """Numbers, unless too many cells are something else, or digits that name something."""
    import pyarrow.compute as pc

    present = texts.drop_null()
    if not len(present) or pc.any(pc.match_substring_regex(present, CODE)).as_py():
        return None
    if not pc.any(pc.match_substring_regex(present.slice(0, _LOOKED_AT), "[0-9]")).as_py():
        return None
    if as_number(texts.slice(0, _FIRST), decimal).bad.mean() > _HALF * len(present) / len(texts):  # most texts end here
        return None
    found = as_number(texts, decimal)
    some = np.empty(0) if found.numbers is None else found.numbers[np.isfinite(found.numbers)]
    if not len(some) or found.bad.sum() > MOST_BAD * len(present):
        return None
    if found.bad.any() and len(np.unique(some)) < LEAST_DIFFERENT:
        return None
    return found


def _with_marks(texts: Any, reading: Reading) -> Reading:
    """`reading` with the unit, and the separator of thousands, that most of the cells with such have."""
    units: Counter[str] = Counter()
    groups: Counter[str] = Counter()
    for cell in _marked(texts, reading.decimal):
        text = " ".join(cell.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").split())
        if unit := _UNIT.search(text):
            units[unit[0]] += 1
            text = text.replace(unit[0], "")
        if found := _GROUPS.match(text.strip("() +-\N{MINUS SIGN}")):
            groups[found[1]] += 1
    groups.pop(reading.decimal, None)
    return replace(
        reading,
        unit=units.most_common(1)[0][0] if units else "",
        thousands=groups.most_common(1)[0][0] if groups else "",
    )


def _different(texts: Any, most: int) -> list[str]:
    """Return the first different cells."""
    import pyarrow.compute as pc

    found: list[str] = pc.unique(texts.drop_null().slice(0, _LOOKED_AT)).slice(0, most).to_pylist()
    return found


def _marked(texts: Any, decimal: str) -> list[str]:
    """Return different cells that are more than digits and the decimal mark."""
    import pyarrow.compute as pc

    plain = pc.match_substring_regex(texts, rf"^[+-]?[0-9]+([{decimal}][0-9]+)?$")
    return _different(texts.filter(pc.invert(pc.fill_null(plain, True))), _LOOKED_AT)
