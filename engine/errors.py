"""Errors that are meant to be read: one sentence with the value, what was expected, and what to do."""

import difflib
from collections.abc import Iterable

from pydantic import ValidationError


class TrainyardError(ValueError):
    """Something a person can put right. Its text is shown as it stands, without a traceback."""


def unknown_name(kind: str, name: str, known: Iterable[str]) -> TrainyardError:
    """The error for a name that no `kind` has, with the nearest names that exist."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=3)
    hint = f"Did you mean {' or '.join(map(repr, near))}?" if near else f"There are: {', '.join(names)}."
    return TrainyardError(f"No {kind} named {name!r}. {hint}")


def readable(error: ValidationError) -> str:
    """One line a wrong value: the field, what it was given and what it takes."""
    lines = []
    for item in error.errors():
        field = ".".join(str(part) for part in item["loc"]) or "value"
        given = "" if item["type"] == "missing" else f" (got {item['input']!r})"
        lines.append(f"{field}: {item['msg']}{given}.")
    return "\n".join(lines)
