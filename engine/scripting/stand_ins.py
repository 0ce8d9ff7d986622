"""Pieces of the program in the form that a script needs: without what belongs to pages and translations."""

from typing import Any

from engine import errors, sentences


class TrainyardError(ValueError):
    """Something a person can put right."""

    def __init__(self, template: str, **values: object) -> None:
        super().__init__(template.format(**values))


def Sentence(template: str, **values: object) -> str:  # noqa: N802  # it stands for a class
    """Return a text with its values."""
    return template.format(**values)


STAND_INS: dict[Any, Any] = {errors.TrainyardError: TrainyardError, sentences.Sentence: Sentence}
"""Definitions that are copied in place of others."""
