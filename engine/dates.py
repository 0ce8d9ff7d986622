"""Dates as people write them, as seconds since 1970, and what a calendar says of them."""

import calendar
import datetime
import re
from typing import Any, Literal

import numpy as np

Order = Literal["", "dmy", "mdy"]
"""Whether the day or the month comes first where only numbers stand; "" where the year does, or the month is a word."""
PARTS = ("elapsed", "year", "month", "day", "weekday", "hour")
"""What a calendar says of a date: days since 1970, year, month 1-12, day of the month, weekday 0-6 from Monday, hour of the day."""
DAY_SECONDS = 86_400

_EPOCH = datetime.date(1970, 1, 1).toordinal()
_TIME = (
    r"(?:[T ,]+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d+)?)?(?:\s*(?P<half>[AaPp]\.?[Mm]\.?))?"
    r"(?:\s*(?P<zone>Z|UTC|GMT|[+-](?:0\d|1[0-4]):?[0-5]\d))?)?"
)
_MONTHS = {name.lower()[:3]: number for number, name in enumerate(calendar.month_name) if name}
_WORD = r"(?P<word>(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*)\.?"
_FORMS = tuple(
    re.compile(form + _TIME, re.IGNORECASE | re.ASCII)
    for form in (
        r"(?P<year>\d{4})([-/.])(?P<month>\d{1,2})\2(?P<day>\d{1,2})",
        r"(?P<first>\d{1,2})([-/.])(?P<second_number>\d{1,2})\2(?P<year>\d{4}|\d{2})",
        rf"(?P<day>\d{{1,2}})[ -]{_WORD}[ ,-]+(?P<year>\d{{4}}|\d{{2}})",
        rf"{_WORD} (?P<day>\d{{1,2}})(?:st|nd|rd|th)?,? (?P<year>\d{{4}})",
        r"(?P<year>\d{4}) ?年 ?(?P<month>\d{1,2}) ?月 ?(?P<day>\d{1,2}) ?日",
        r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})",
        r"(?P<year>\d{4})-(?P<month>\d{2})",
    )
)
_LATER = 69  # two digits from here on are 19.., as in POSIX
_FIRST_SECOND, _LAST_SECOND = (
    float((datetime.date(*day).toordinal() - _EPOCH) * DAY_SECONDS) for day in ((1, 1, 1), (9999, 12, 31))
)


def parse_date(text: str, order: Order = "") -> float | None:
    """Return seconds since 1970 of a date, with or without a time of day; None for anything else.

    A time with a zone becomes UTC, one without stays as it is. Numbers alone, such as 3/4/2024, are read by `order`, and are
    no date where it is empty.
    """
    for form in _FORMS:
        if found := form.fullmatch(text):
            return _seconds(found.groupdict(), order)
    return None


def decide_order(texts: list[str]) -> tuple[Order, bool]:
    """Return which order of day and month most of the texts have, and whether they say so: 3/4/2024 may be either."""
    pairs = [(int(found["first"]), int(found["second_number"])) for t in texts if (found := _FORMS[1].fullmatch(t))]
    if not pairs:
        return "", True
    day_first, month_first = sum(a > 12 for a, _ in pairs), sum(b > 12 for _, b in pairs)
    if day_first or month_first:
        return ("dmy", True) if day_first >= month_first else ("mdy", True)
    return ("mdy" if any("/" in text for text in texts) else "dmy"), False


def write_date(seconds: float, *, times: bool = False) -> str:
    """Return seconds since 1970 in ISO 8601: the day, with `times` also the time of day to the second."""
    days, rest = divmod(round(seconds), DAY_SECONDS)
    day = datetime.date.fromordinal(days + _EPOCH).isoformat()
    return f"{day}T{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}" if times else day


def parts_of(seconds: np.ndarray) -> dict[str, np.ndarray]:
    """Seconds (...) float64 -> each of `PARTS` (...) float64, NaN where a date is missing."""
    with np.errstate(invalid="ignore"):
        found = calendar_of(np.asarray(seconds, np.float64), np.floor, lambda mask: mask.astype(np.float64))
        missing = ~np.isfinite(seconds)
        return {name: np.where(missing, np.nan, values) for name, values in found.items()}


def calendar_of(seconds: Any, floor: Any, number: Any) -> dict[str, Any]:
    """Return `PARTS` of 64-bit seconds, of numpy or of Keras: `floor` rounds down, `number` makes 0 and 1 of truth values.

    Proleptic Gregorian calendar, as in H. Hinnant, chrono-compatible low-level date algorithms,
    https://howardhinnant.github.io/date_algorithms.html. All divisions are of whole numbers below 2**53, thus exact.
    """
    days = floor(seconds / 86400.0)
    z = days + 719468.0
    era = floor(z / 146097.0)
    of_era = z - era * 146097.0
    years = floor((of_era - floor(of_era / 1460.0) + floor(of_era / 36524.0) - floor(of_era / 146096.0)) / 365.0)
    of_year = of_era - (years * 365.0 + floor(years / 4.0) - floor(years / 100.0))
    march = floor((of_year * 5.0 + 2.0) / 153.0)
    early = number(march >= 10.0)  # January and February belong to the next year
    weekday = days + 3.0
    return {
        "elapsed": seconds / 86400.0,
        "year": years + era * 400.0 + early,
        "month": march + 3.0 - early * 12.0,
        "day": of_year - floor((march * 153.0 + 2.0) / 5.0) + 1.0,
        "weekday": weekday - floor(weekday / 7.0) * 7.0,
        "hour": (seconds - days * 86400.0) / 3600.0,
    }


def _seconds(found: dict[str, str | None], order: Order) -> float | None:
    """Return the seconds of the parts that a form has found; None where there is no such day or time."""
    year = int(found["year"] or 0)
    if len(found["year"] or "") == 2:
        year += 1900 if year >= _LATER else 2000
    if found.get("first"):
        if not order:
            return None
        pair = int(found["first"] or 0), int(found["second_number"] or 0)
        day, month = pair if order == "dmy" else pair[::-1]
    else:
        word = (found.get("word") or "")[:3].lower()
        month, day = _MONTHS.get(word) or int(found["month"] or 0), int(found.get("day") or 1)
    hour, minute, second = (int(found[name] or 0) for name in ("hour", "minute", "second"))
    if half := found["half"]:
        hour = hour % 12 + (12 if half[0] in "pP" else 0) if 1 <= hour <= 12 else 99
    try:
        days = datetime.date(year, month, day).toordinal() - _EPOCH
    except ValueError:
        return None
    if hour > 23 or minute > 59 or second > 60:
        return None
    seconds = float(days * DAY_SECONDS + hour * 3600 + minute * 60 + min(second, 59)) - _offset(found["zone"])
    return seconds if _FIRST_SECOND <= seconds < _LAST_SECOND + DAY_SECONDS else None


def _offset(zone: str | None) -> int:
    """Return the seconds by which a zone is ahead of UTC."""
    if not zone or zone[0] not in "+-":
        return 0
    digits = zone[1:].replace(":", "")
    return (int(digits[:2]) * 3600 + int(digits[2:]) * 60) * (-1 if zone[0] == "-" else 1)
