"""What a network gets of one input once it is prepared, for people: a picture, words, or named numbers."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True)
class Seen:
    """One prepared input. What does not apply is empty."""

    picture: bytes = b""
    """A PNG, a pixel for each number or a few."""
    words: tuple[str, ...] = ()
    """The units of a text in order; one that is outside the vocabulary is empty."""
    numbers: tuple[tuple[str, str | None, float], ...] = ()
    """Column, category and value of each number: None for a column of numbers, an empty category for a missing value."""

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON."""
        return {
            "picture": base64.b64encode(self.picture).decode(),
            "words": list(self.words),
            "numbers": list(self.numbers),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """The inverse of `to_dict`."""
        return cls(base64.b64decode(data["picture"]), tuple(data["words"]), tuple(map(tuple, data["numbers"])))
