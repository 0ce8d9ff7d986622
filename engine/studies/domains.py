"""Domains of hyperparameters in a study: their own ranges or choices, or narrower ones."""

import math
from dataclasses import replace
from typing import Any

from engine.errors import TrainyardError, unknown_name
from engine.runs import RunSpec
from engine.sentences import COMMA, Sentence, joined
from engine.spec import Choices, Field, Range

Domain = Range | Choices


def tunable(spec: RunSpec) -> dict[str, Field]:
    """Return the fields that a study may vary, by name: the hyperparameters of all parts."""
    return {field.name: field for fields in spec.fields().values() for field in fields if field.tunable}


def known_field(name: str, known: dict[str, Field]) -> Field:
    if name not in known:
        raise unknown_name("hyperparameter that a study can vary", name, known)
    return known[name]


def typed(field: Field, value: Any) -> Any:
    """Return a value from a form or a command line as the field's own type."""
    if isinstance(field.domain, Choices):
        return next((option for option in field.domain.options if str(option) == str(value)), value)
    try:
        return field.type(value)
    except (TypeError, ValueError) as error:
        raise TrainyardError(
            "{value!r} is not a value of {field}. Give a number.", value=value, field=field.name
        ) from error


def narrow(field: Field, domain: Domain | None) -> Domain:
    """Return `domain` if it lies within the field's own, which None stands for. Raise `TrainyardError` for a wider one."""
    own = field.domain
    assert isinstance(own, Range | Choices)
    if domain is None:
        return own
    match own, domain:
        case Range(), Range():
            if not (math.isfinite(domain.low) and math.isfinite(domain.high)):
                raise TrainyardError(
                    "{low:g} to {high:g} is not a range of {field}: give finite numbers.",
                    low=domain.low,
                    high=domain.high,
                    field=field.name,
                )
            if domain.low > domain.high:
                raise TrainyardError(
                    "The range of {field} is empty: its minimum {low:g} is above its maximum {high:g}.",
                    field=field.name,
                    high=domain.high,
                    low=domain.low,
                )
            if domain.low < own.low or domain.high > own.high:
                raise TrainyardError(
                    "{field} takes {low:g} to {high:g}; a study may narrow this range, not widen it "
                    "to {wide_low:g} to {wide_high:g}.",
                    field=field.name,
                    low=own.low,
                    high=own.high,
                    wide_low=domain.low,
                    wide_high=domain.high,
                )
            return replace(own, low=domain.low, high=domain.high)
        case Choices(), Choices():
            if unknown := [option for option in domain.options if option not in own.options]:
                raise TrainyardError(
                    "{field} takes {options}, not {unknown!r}.",
                    field=field.name,
                    options=joined(map(str, own.options), COMMA),
                    unknown=unknown[0],
                )
            if not domain.options:
                raise TrainyardError("No option of {field} is selected. Choose at least one.", field=field.name)
            return Choices(tuple(option for option in own.options if option in domain.options))
        case _:
            kinds = Sentence("a range such as 1:10")
            if isinstance(own, Choices):
                kinds = Sentence("choices such as {option}", option=own.options[0])
            raise TrainyardError("{field} takes {kinds}.", field=field.name, kinds=kinds)


def parse_domain(field: Field, text: str) -> Domain:
    """Read `32:128` for numbers, `relu,tanh` for choices; empty for the field's full domain. Raise `TrainyardError`."""
    if not text:
        return narrow(field, None)
    try:
        if isinstance(field.domain, Range):
            low, _, high = text.partition(":")
            return narrow(field, Range(field.type(low), field.type(high or low)))
        options = {str(option).lower(): option for option in getattr(field.domain, "options", ())}
        return narrow(field, Choices(tuple(options.get(word.lower(), word) for word in text.split(","))))
    except TrainyardError:
        raise
    except ValueError as error:
        raise TrainyardError(
            "{text!r} is not a range of {field}. Write it as LOW:HIGH.", text=text, field=field.name
        ) from error


def domain_to_dict(domain: Domain) -> dict[str, Any]:
    """Return plain JSON."""
    if isinstance(domain, Choices):
        return {"options": list(domain.options)}
    return {"low": domain.low, "high": domain.high, "step": domain.step, "log": domain.log}


def domain_from_dict(data: dict[str, Any]) -> Domain:
    """The inverse of `domain_to_dict`."""
    return Choices(tuple(data["options"])) if "options" in data else Range(**data)
