"""Reading of cells, from text to value: decided once, at import, and the same for everyone who uses a model later."""

import math
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from typing import Any, Literal, Self

import numpy as np

from engine.dates import Order, parse_date

LONGEST_NAME = 80
"""Longest name of a category, in characters."""
MISSING_WORDS = frozenset(("na", "n/a", "#n/a", "nan", "null", "none", "-", "?", ".", "<na>"))
"""Words that count as missing among numbers, in any case."""
INFINITE_WORDS = frozenset(("inf", "+inf", "-inf", "infinity", "+infinity", "-infinity"))
NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
"""A number without anything around it."""
TRUTH_WORDS = frozenset(("true", "false"))

_COMMA_NUMBER = NUMBER.replace(r"\.", ",")
_ALIKE = str.maketrans({"\N{MINUS SIGN}": "-", "\N{RIGHT SINGLE QUOTATION MARK}": "'"})
_EXACT = 1e16  # whole floats below it are written with all their digits


@dataclass(frozen=True)
class Reading:
    """Reading of one column. A number may have a unit, which is left out, and separators between thousands."""

    kind: Literal["number", "category", "date"]
    decimal: str = "."
    thousands: str = ""
    unit: str = ""
    missing: bool = False
    """Whether words such as NA are missing in a category, as they are among numbers."""
    booleans: bool = False
    """Whether True, TRUE and true are one category."""
    wide: bool = False
    """Whether numbers must have 64 bits until they are centred: they are large and differ little."""
    order: Order = ""
    """Of dates: whether the day or the month comes first in those like 3/4/2024."""
    times: bool = False
    """Of dates: whether some have a time of day."""

    def date(self, text: str) -> float | None:
        """Return seconds since 1970 of the date that a cell holds: NaN where it is missing, None where it is none."""
        plain = " ".join(text.split())
        if not plain or plain.lower() in MISSING_WORDS:
            return math.nan
        return parse_date(plain, self.order)

    def dates(self, texts: Any) -> tuple[np.ndarray, np.ndarray]:
        """(rows,) Arrow strings -> `date` of each as float64, and whether it is none (then it is NaN)."""
        coded = texts.dictionary_encode()
        coded = coded.combine_chunks() if hasattr(coded, "combine_chunks") else coded
        read = [self.date(text) for text in coded.dictionary.to_pylist()]
        places = coded.indices.fill_null(len(read)).to_numpy(zero_copy_only=False)
        values = np.array([math.nan if value is None else value for value in (*read, math.nan)], np.float64)
        return values[places], np.array([*(value is None for value in read), False])[places]

    def number(self, text: str) -> float | None:
        """Return the number that a cell holds: NaN where it is missing, infinity as such, None where it is not a number."""
        plain = " ".join(text.translate(_ALIKE).split())
        lower = plain.lower()
        if not plain or lower in MISSING_WORDS:
            return math.nan
        if lower in INFINITE_WORDS:
            return math.inf
        found = _pattern(self.decimal, self.thousands, self.unit).fullmatch(plain)
        if found is None or (found["open"] and found["sign"]):
            return None
        digits = found["digits"].replace(self.thousands, "") if self.thousands else found["digits"]
        value = float(digits.replace(self.decimal, "."))
        return -value if found["open"] or found["sign"] == "-" else value

    def numbers(self, texts: Any) -> tuple[np.ndarray, np.ndarray]:
        """(rows,) Arrow strings -> `number` of each as float64, and whether it is not a number (then it is NaN)."""
        import pyarrow.compute as pc

        texts = pc.utf8_trim_whitespace(texts)
        plain = pc.match_substring_regex(texts, NUMBER if self.decimal == "." else _COMMA_NUMBER)
        usual = pc.if_else(plain, texts, None)
        if self.decimal != ".":
            usual = pc.replace_substring(usual, self.decimal, ".")
        values = pc.cast(usual, "float64").to_numpy(zero_copy_only=False).astype(np.float64)
        bad = np.zeros(len(values), bool)
        others = np.flatnonzero(~pc.fill_null(plain, True).to_numpy(zero_copy_only=False))
        if len(others):
            cells = texts.take(others).to_pylist()
            read = {text: self.number(text) for text in set(cells)}
            bad[others] = [read[cell] is None for cell in cells]
            values[others] = [math.nan if (value := read[cell]) is None else value for cell in cells]
        return values, bad

    def name(self, text: str) -> str:
        """Return the category that a cell holds; empty where it is missing."""
        plain = plain_text(text, LONGEST_NAME)
        lower = plain.lower()
        if self.booleans and lower in TRUTH_WORDS:
            return lower
        return "" if self.missing and lower in MISSING_WORDS else plain

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON: what differs from the default."""
        return {
            name: value for name, value in asdict(self).items() if name == "kind" or value != getattr(Reading, name)
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """The inverse of `to_dict`; anything that a later version has added is left out."""
        known = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in data.items() if name in known})


def plain_text(text: str, most: int) -> str:
    """Return `text` in NFC on one line, without unprintable characters, at most `most` characters."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())[:most].strip()
    composed = unicodedata.normalize("NFC", text.encode("utf-8", "replace").decode())  # also half of a surrogate pair
    return "".join(letter for letter in " ".join(composed.split()) if letter.isprintable())[:most].strip()


def cell_text(value: Any) -> str:
    """Return a value of JSON, Parquet or a form as the text of a cell: all digits, whole numbers without a point."""
    if value is None or value != value:
        return ""
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < _EXACT else repr(float(value))
    return str(value)


@lru_cache(maxsize=256)
def _pattern(decimal: str, thousands: str, unit: str) -> re.Pattern[str]:
    """Match a number with its sign, its unit on either side, or in parentheses where it is negative."""
    point, mark = re.escape(decimal), f" ?(?:{re.escape(unit)})? ?" if unit else ""
    whole = rf"[0-9]{{1,3}}(?:{re.escape(thousands)}[0-9]{{3}})+|[0-9]+" if thousands else "[0-9]+"
    digits = rf"(?P<digits>(?:(?:{whole})(?:{point}[0-9]*)?|{point}[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    return re.compile(rf"(?P<open>\()?{mark}(?P<sign>[+-])?{mark}{digits}{mark}(?(open)\))")
