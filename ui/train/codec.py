"""Values of the form as texts: in a URL, on a command line, and in words."""

from typing import Any

from engine.runs import PARTS, RunSpec, choose_parts
from engine.spec import Choices, Field, Range, Spec
from ui.language import _
from ui.words import write_value


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


def command_line(spec: RunSpec) -> list[str]:
    """The same training as arguments of the terminal command: dataset, model, and what differs from the defaults."""
    usual = choose_parts({"dataset": spec.dataset.name})
    flat = {
        name: value
        for name, value in spec.flat().items()
        if name in ("dataset", "model") or name not in PARTS or value != usual[name].name
    }
    flags = [word for name, value in flat.items() for word in flag(name, value)]
    return ["python", "-m", "engine", "train", *flags]


def flag(name: str, value: Any) -> list[str]:
    """One value as words of a command line."""
    name = name.replace("_", "-")
    if isinstance(value, bool):
        return [f"--{name}" if value else f"--no-{name}"]
    return [f"--{name}", write_value(value)]
