"""The units that texts are cut into, counted in plain Python exactly as Keras' layer cuts them later."""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import product
from typing import Literal

Splitting = Literal["words", "characters", "pieces"]

SIGN_WIDTHS = (1, 2, 3)
_PUNCTUATION = re.compile(r"""[!"#$%&()*+,\-./:;<=>?@\[\\\]^_`{|}~']""")  # the characters that Keras strips
_ASCII_SPACE = re.compile(r"[ \t\n\v\f\r]+")
_NO_SPACES = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)
_NO_SPACES_SHARE = 0.3


def split_for(texts: Iterable[str]) -> Splitting:
    """Return how to cut `texts`: into characters where many are in scripts without spaces."""
    letters = spaceless = 0
    for text in texts:
        letters += sum(map(str.isalpha, text))
        spaceless += len(_NO_SPACES.findall(text))
    return "characters" if spaceless > _NO_SPACES_SHARE * letters else "words"


def is_spaceless(letter: str) -> bool:
    """Return whether a character belongs to a script that has no spaces between words."""
    return _NO_SPACES.match(letter) is not None


def most_frequent(texts: Iterable[str], cut: Callable[[str], Iterator[str]], most: int) -> list[str]:
    """Return the `most` frequent units that `cut` makes of `texts`; ties in alphabetical order."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(cut(lower(text)))
    return sorted(counts, key=lambda part: (-counts[part], part))[:most]


def units(text: str, splitting: Splitting, widths: tuple[int, ...]) -> Iterator[str]:
    """Return the words or characters of a `text` in small letters, and as many of them in a row as `widths` say."""
    return in_a_row(_words(text) if splitting == "words" else list(text), widths)


def _words(text: str) -> list[str]:
    return [word for word in _ASCII_SPACE.split(_PUNCTUATION.sub("", text)) if word]


def signs(text: str) -> Iterator[str]:
    """Return punctuation, smileys and emoji of a `text` in small letters: up to three of its signs in a row."""
    return (row for row in in_a_row(list(text), SIGN_WIDTHS) if all(map(_sign, row[::2])))


def in_a_row(parts: list[str], widths: tuple[int, ...]) -> Iterator[str]:
    """Return all parts in a row, joined by spaces, the shortest first."""
    for width in widths:
        for start in range(len(parts) - width + 1):
            yield " ".join(parts[start : start + width])


@lru_cache(maxsize=4096)
def _sign(letter: str) -> bool:
    return unicodedata.category(letter)[0] in "PS"


def lower(text: str) -> str:
    """Lower letters of every script, character by character: a letter whose small form is two characters stays."""
    return "".join(small if len(small := letter.lower()) == 1 else letter for letter in text)


def capitals(word: str, splitting: Splitting) -> set[str]:
    """Return the other spellings of `word` that Keras leaves alone: it lowers A to Z and no other letter."""
    if splitting == "words":
        found = {_ascii_lower(spelling) for spelling in (word.upper(), word.capitalize(), word.title())}
    else:
        found = {"".join(row) for row in product(*({letter, _ascii_lower(letter.upper())} for letter in word))}
    return found - {word}


def _ascii_lower(text: str) -> str:
    return "".join(letter.lower() if letter.isascii() else letter for letter in text)
