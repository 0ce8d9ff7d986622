"""The units that a network of speech can write: the words of a small vocabulary, or characters."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, Self

Kind = Literal["auto", "characters", "words"]
"""Auto takes words where there are few of them and each is said often, and characters elsewhere."""

BLANK = 0
"""The id that stands for no unit; it also fills up labels of different length."""
_FEW, _OFTEN = 200, 5


@dataclass(frozen=True)
class Units:
    """The units that are known: id `n` stands for the n-th, counted from 1."""

    kind: Literal["characters", "words"]
    known: tuple[str, ...]

    @classmethod
    def learn(cls, texts: Iterable[str], kind: Kind) -> Self:
        """Return the units of transcripts, in alphabetical order."""
        texts = list(texts)
        words = Counter(word for text in texts for word in text.split())
        few = 0 < len(words) <= _FEW and min(words.values()) >= _OFTEN
        if kind == "words" or (kind == "auto" and few):
            return cls("words", tuple(sorted(words)))
        return cls("characters", tuple(sorted({character for text in texts for character in text})))

    @property
    def size(self) -> int:
        """The number of ids, with the blank."""
        return 1 + len(self.known)

    def ids(self, text: str) -> list[int]:
        """Return the ids of a transcript; what is not known cannot be written, and is left out."""
        parts = text.split() if self.kind == "words" else list(text)
        return [self._numbers[part] for part in parts if part in self._numbers]

    def characters(self, ids: Sequence[int]) -> list[tuple[str, int]]:
        """Return each character of what ids stand for, with the place of its id; a space between words belongs to the next."""
        found: list[tuple[str, int]] = []
        for place, number in enumerate(ids):
            gap = " " if self.kind == "words" and place else ""
            found += [(character, place) for character in gap + self.known[number - 1]]
        return found

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON."""
        return {"kind": self.kind, "known": list(self.known)}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """The inverse of `to_dict`."""
        return cls(data["kind"], tuple(data["known"]))

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {unit: number for number, unit in enumerate(self.known, 1)}
