"""WordPiece as tables of numbers: how BERT cuts words, so that a network of Keras' own layers can do it.

A vocabulary is a trie of letters. A node and the next letter give the next node; nodes in which a piece ends have its id.
Wu et al. 2016, https://arxiv.org/abs/1609.08144; normalisation and words as in Devlin et al. 2018, https://arxiv.org/abs/1810.04805.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

NOTHING, SPACE, UNKNOWN_LETTER, FIRST_LETTER = 0, 1, 2, 3
"""Codes of signs: none, what separates words, a letter that is in no piece, and the first of those that are."""
NO_NODE = 0
_SPECIAL = re.compile(r"\[[A-Za-z]+\d*\]")
_PUNCTUATION = frozenset(r"""!"#$%&'()*+,-./:;<=>?@[\]^_`{|}~""")
_SPACES = frozenset("\t\n\r")
_FURTHEST = 0x20000  # only ideographs follow, none of them in BERT's vocabulary
_IDEOGRAPHS = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002ceaf\U0002f800-\U0002fa1f]")


@dataclass(frozen=True)
class Tables:
    """What a network needs to cut texts into the pieces of one vocabulary."""

    signs: list[str]
    """All signs that have a code, capitals and accents included."""
    codes: np.ndarray
    """The code of nothing, of a sign that is not among `signs`, and of each that is."""
    first_alone: int
    """Codes from here on are words of their own: punctuation and ideographs."""
    letters: int
    """Number of codes."""
    transitions: list[int]
    """`node * letters + code` of each step in the trie; the n-th, counted from 1, leads to node n."""
    begin: int
    """Node before the first letter of a word."""
    inside: int
    """Node before the first letter of a piece that continues a word."""
    pieces: np.ndarray
    """Id of the piece that ends in each node; 0: none."""
    longest: int
    """Number of letters of the longest piece."""


@lru_cache(maxsize=4)
def tables(vocabulary: tuple[str, ...]) -> Tables:
    """Return the tables of a `vocabulary`, whose places are the ids of its pieces; those that continue a word begin with ##."""
    pieces = {piece: number for number, piece in enumerate(vocabulary) if not _SPECIAL.fullmatch(piece)}
    known = sorted({letter for piece in pieces for letter in _letters(piece)})
    together = [letter for letter in known if not _alone(letter)]
    apart = [letter for letter in known if _alone(letter)]
    code = {letter: number for number, letter in enumerate(together, FIRST_LETTER)}
    first_alone = FIRST_LETTER + len(together)  # of punctuation that is in no piece
    code |= {letter: number for number, letter in enumerate(apart, first_alone + 1)}
    found = dict(_signs(code, first_alone))
    steps, ends = _trie(pieces, code)
    letters = first_alone + 1 + len(apart)
    begin, inside = len(steps) + 1, len(steps) + 2
    places = {_BEGIN: begin, _INSIDE: inside}
    ids = np.zeros(len(steps) + 1, np.int64)
    ids[list(ends)] = list(ends.values())
    return Tables(
        signs=list(found),
        codes=np.array([NOTHING, UNKNOWN_LETTER, *found.values()], np.int64),
        first_alone=first_alone,
        letters=letters,
        transitions=[places.get(node, node) * letters + letter for node, letter in steps],
        begin=begin,
        inside=inside,
        pieces=ids,
        longest=max(len(_letters(piece)) for piece in pieces),
    )


_BEGIN, _INSIDE = -1, -2


def _letters(piece: str) -> str:
    return piece[2:] if _continues(piece) else piece


def _continues(piece: str) -> bool:
    return len(piece) > 2 and piece.startswith("##")


def _trie(pieces: dict[str, int], code: dict[str, int]) -> tuple[dict[tuple[int, int], int], dict[int, int]]:
    """Return the node that each (node, code) leads to, numbered from 1, and the piece that ends in a node."""
    steps: dict[tuple[int, int], int] = {}
    ends: dict[int, int] = {}
    for piece, number in pieces.items():
        node = _INSIDE if _continues(piece) else _BEGIN
        for letter in _letters(piece):
            node = steps.setdefault((node, code[letter]), len(steps) + 1)
        ends[node] = number
    return steps, ends


def _signs(code: dict[str, int], unknown_alone: int) -> Iterator[tuple[str, int]]:
    """Yield the code of every sign that is not simply an unknown letter: capitals and accented ones have that of their letter."""
    for sign in map(chr, range(1, _FURTHEST)):
        category = unicodedata.category(sign)
        if sign in _SPACES or category == "Zs":
            yield sign, SPACE
        elif category in ("Cc", "Cf", "Mn"):
            yield sign, NOTHING
        elif category[0] != "C" and (plain := normal(sign)) in code:
            yield sign, code[plain]
        elif _alone(sign) and category != "Lo":
            yield sign, unknown_alone


def normal(sign: str) -> str:
    """Return a sign as a small letter without accents."""
    return "".join(part for part in unicodedata.normalize("NFD", sign) if unicodedata.category(part) != "Mn").lower()


def _alone(sign: str) -> bool:
    """Whether a sign is a word of its own."""
    return sign in _PUNCTUATION or unicodedata.category(sign)[0] == "P" or bool(_IDEOGRAPHS.fullmatch(sign))


def read_vocabulary(text: str) -> list[str]:
    """Return the pieces in a file with one a line."""
    return text.removesuffix("\n").split("\n")
