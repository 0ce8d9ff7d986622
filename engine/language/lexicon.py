"""A lexicon learned from pairs of sentences by counting alone: which word stands for which. What a translating network must beat.

IBM model 1 (Brown et al. 1993, https://aclanthology.org/J93-2003/): each word of one side is the translation of some word of the
other, or of none, all places alike. How likely a word stands for another follows by expectation and maximisation.
"""

import re
from collections.abc import Sequence

import numpy as np

from engine.language.edits import units
from engine.language.vocabulary import split_for

ROUNDS = 5
_MOST_PAIRS = 20_000
_MOST_WORDS = 60  # of a sentence
_PART = re.compile(r"\w+|[^\w\s]")
_NOTHING = ""
_BEFORE = re.compile(r"\s+([,.;:!?»”…)\]])")
_AFTER = re.compile(r"([¿¡«“(\[])\s+")


class Lexicon:
    """For each known word the likeliest one of the other language."""

    def __init__(self, sources: Sequence[str], targets: Sequence[str]) -> None:
        """Learn from pairs of sentences; evenly chosen ones where there are many."""
        step = max(1, -(-len(sources) // _MOST_PAIRS))
        self._spaceless = split_for(targets) == "characters"
        pairs = [
            (_words(source), _words(target)) for source, target in zip(sources[::step], targets[::step], strict=True)
        ]
        self._best = _learned(pairs)

    def translate(self, text: str) -> str:
        """Return the text word by word; a word that nobody has seen stays as it is."""
        words = [self._best.get(word, word) for word in _words(text)]
        if self._spaceless:
            return "".join(words)
        found = _AFTER.sub(r"\1", _BEFORE.sub(r"\1", " ".join(filter(None, words))))
        return found[:1].upper() + found[1:]


def _words(text: str) -> list[str]:
    return [part for unit in units(text.lower()) for part in _PART.findall(unit)][:_MOST_WORDS]


def _numbered(sentences: Sequence[Sequence[str]]) -> tuple[dict[str, int], list[np.ndarray]]:
    numbers: dict[str, int] = {}
    return numbers, [
        np.array([numbers.setdefault(word, len(numbers)) for word in sentence], np.int64) for sentence in sentences
    ]


def _learned(pairs: Sequence[tuple[list[str], list[str]]]) -> dict[str, str]:
    """Return the likeliest translation of each word.

    All places where a word of the one side meets one of the other are numbered once; each round is then a few sums over them.
    """
    sources, ones = _numbered([[_NOTHING, *source] for source, _ in pairs])
    targets, others = _numbered([target for _, target in pairs])
    if not targets:
        return {}
    meets = [(np.repeat(one, len(other)), np.tile(other, len(one))) for one, other in zip(ones, others, strict=True)]
    slots, at = [], 0  # the word of the other side that each meeting would explain
    for one, other in zip(ones, others, strict=True):
        slots.append(np.tile(np.arange(at, at + len(other)), len(one)))
        at += len(other)
    source, target, slot = (np.concatenate(parts) for parts in ([m[0] for m in meets], [m[1] for m in meets], slots))
    kinds, kind = np.unique(source * len(targets) + target, return_inverse=True)
    first, second = kinds // len(targets), kinds % len(targets)
    share = np.ones(len(kinds))
    for _ in range(ROUNDS):
        each = share[kind]
        each = each / np.bincount(slot, each, at)[slot]
        counts = np.bincount(kind, each, len(kinds))
        share = counts / np.bincount(first, counts, len(sources))[first]
    order = np.lexsort((second, -share, first))
    begins = np.r_[True, first[order][1:] != first[order][:-1]]
    best, words, translations = order[begins], list(sources), list(targets)
    return {words[first[k]]: translations[second[k]] for k in best.tolist() if words[first[k]] != _NOTHING}
