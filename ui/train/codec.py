"""Values of the form as texts: in a URL, and in words."""

from typing import Any

from engine.service.commands import write_value
from engine.spec import Choices, Field, Range, Spec
from ui.language import _


def parse_value(part: type[Spec], field: Field, text: str) -> Any:
    """The typed, valid value of one field, from the text of a URL."""
    if field.type is bool:
        value: Any = {"true": True, "false": False}[text.lower()] if text.lower() in ("true", "false") else text
    else:
        value = field.type(text)
    parsed = getattr(part.parse({field.name: value}), field.name)
    if isinstance(field.domain, Choices) and parsed not in field.domain.options:  # one that this machine lacks
        raise ValueError(f"{parsed!r} is none of {field.domain.options}.")
    return parsed


def expected(field: Field) -> str:
    """Return the values that a field takes, in words."""
    match field.domain:
        case Range(low=low, high=high):
            return _("expected {low} to {high}").format(low=write_value(low), high=write_value(high))
        case Choices(options=options):
            return _("expected one of {options}").format(options=", ".join(map(write_value, options)))
        case _other:
            return _("expected another type of value")
