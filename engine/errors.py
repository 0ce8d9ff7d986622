"""Errors that are meant to be read: one sentence with the value, what was expected, and what to do."""

import difflib
from collections.abc import Iterable

from pydantic import ValidationError

from engine.sentences import COMMA, LINES, OR, Sentence, joined


class TrainyardError(ValueError):
    """Something a person can put right: `TrainyardError("Run {run} is {state!r}.", run=run.id, state=run.state)`.

    Its sentence is shown without a traceback, in English by `str()`, in the language of a page by `ui.sentences.said`.
    """

    def __init__(self, template: str, /, **values: object) -> None:
        self.sentence = template if isinstance(template, Sentence) else Sentence(template, **values)
        super().__init__(self.sentence)


class StoreUnavailable(TrainyardError):  # noqa: N818  # a state of the world, said in a sentence
    """The database cannot be reached, read or written: it may work again later."""


def unknown_name(kind: str, name: str, known: Iterable[str]) -> TrainyardError:
    """Return the error for a name that no `kind` has, with the nearest names that exist."""
    names = sorted(known)
    if near := difflib.get_close_matches(name, names, n=3):
        hint = Sentence("Did you mean {near}?", near=joined(map(repr, near), OR))
    else:
        hint = Sentence("Available: {names}.", names=joined(names, COMMA))
    return TrainyardError("No {kind} named {name!r}. {hint}", kind=kind, name=name, hint=hint)


def first_line(error: BaseException) -> str:
    """Return the message of another library's error, as far as it fits into a sentence."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else Sentence("no message")


def readable(error: ValidationError) -> Sentence:
    """Return one line per wrong value: the field, its value and what it takes."""
    lines = []
    for item in error.errors():
        field = ".".join(str(part) for part in item["loc"]) or "value"
        if item["type"] == "missing":
            lines.append(Sentence("{field}: {problem}.", field=field, problem=item["msg"]))
        else:
            given = repr(item["input"])
            lines.append(Sentence("{field}: {problem} (got {given}).", field=field, problem=item["msg"], given=given))
    return joined(lines, LINES)
