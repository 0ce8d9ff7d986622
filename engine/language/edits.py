"""The edits that make one text another: how many there are, and where."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from rapidfuzz.distance import Levenshtein

from engine.language.vocabulary import is_spaceless

_PARTS = re.compile(r"\S+")


class Edits(NamedTuple):
    """Counts for one text against the true one."""

    changed: int
    """Units that were replaced, left out or put in."""
    of: int
    """Units of the true text."""

    @property
    def rate(self) -> float:
        """Changed units for each true one; of an empty text 0 where nothing was written, otherwise their number."""
        return self.changed / max(self.of, 1)


def units(text: str) -> list[str]:
    """Return the words of a text; each character of a script without spaces is one."""
    found: list[str] = []
    for part in _PARTS.findall(text):
        if part.isascii():
            found.append(part)
            continue
        run = ""
        for letter in part:
            if is_spaceless(letter):
                found += [run, letter] if run else [letter]
                run = ""
            else:
                run += letter
        found += [run] if run else []
    return found


def unit_edits(written: str, true: str) -> Edits:
    """Count in words, as in the word error rate; in phonemes where spaces stand between them."""
    return _edits(units(written), units(true))


def character_edits(written: str, true: str) -> Edits:
    """Count in characters, without the white space at both ends."""
    return _edits(written.strip(), true.strip())


def _edits(written: Sequence[str], true: Sequence[str]) -> Edits:
    return Edits(Levenshtein.distance(written, true), len(true))


class Piece(NamedTuple):
    """Some words in a row of an answer and of the truth that are the same in both, or differ."""

    same: bool
    written: str
    true: str


def marked(written: str, true: str) -> list[Piece]:
    """Return both texts piece by piece, so that the differing words stand beside each other."""
    one, other = units(written), units(true)
    glue = "" if written and " " not in written.strip() and all(map(is_spaceless, one)) else " "
    return [
        Piece(
            block.tag == "equal",
            glue.join(one[block.src_start : block.src_end]),
            glue.join(other[block.dest_start : block.dest_end]),
        )
        for block in Levenshtein.opcodes(one, other)
    ]
