"""Values of the form as texts: in a URL, in a box to type into, and in words."""

import math
import re
from typing import Any

from engine.service.commands import write_value
from engine.spec import Choices, Field, Options, Range, Spec
from ui.language import _
from ui.train.sources import refuses

_DECIMAL_COMMA = re.compile(r"[+-]?(\d+),(\d+)")
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")
"""Could be a thousand or more, or a number with three decimals: it is not guessed."""


def parse_value(part: type[Spec], field: Field, text: str) -> Any:
    """The typed, valid value of one field, from the text of a URL or a box."""
    if field.type is bool:
        value: Any = {"true": True, "false": False}[text.lower()] if text.lower() in ("true", "false") else text
    else:
        value = read_number(field, text) if field.type in (int, float) else field.type(text)
    parsed = getattr(part.parse({field.name: value}), field.name)
    if isinstance(field.domain, Choices) and parsed not in field.domain.options:  # one that this machine lacks
        raise ValueError(f"{parsed!r} is none of {field.domain.options}.")
    if isinstance(field.domain, Options) and refuses(field.domain.source, str(parsed)):
        raise ValueError(f"{parsed!r} is not there.")
    return parsed


def read_number(field: Field, text: str) -> Any:
    """Return the number that a text means. Raises `ValueError` for none, or one that could be two."""
    return field.type(_with_point(text) if field.type is float else text)


def _with_point(text: str) -> str:
    """Return `0,01` as `0.01`. `1,000` stays as it is, and is no number."""
    written = text.strip()
    comma = _DECIMAL_COMMA.fullmatch(written) and not _THOUSANDS.fullmatch(written)
    return written.replace(",", ".") if comma else written


def slides(field: Field) -> bool:
    """Return whether a slider reaches every value: an even scale with few enough steps."""
    match field.domain:
        case Range(log=True):
            return False
        case Range(low=low, high=high, step=step):
            return high - low <= 1_000 if field.type is int else bool(step)
    return False


def decimals(step: float) -> int:
    """Return how many digits behind the point tell neighbours on a slider apart."""
    return max(0, -math.floor(math.log10(step)))


def expected(field: Field) -> str:
    """Return the values that a field takes, in words."""
    match field.domain:
        case Range(low=low, high=high):
            return _("expected {low} to {high}").format(low=write_value(low), high=write_value(high))
        case Choices(options=options):
            return _("expected one of {options}").format(options=", ".join(map(write_value, options)))
        case _other if field.type is int:
            return _("expected a whole number, such as {default}").format(default=write_value(field.default))
        case _other:
            return _("expected another type of value")
