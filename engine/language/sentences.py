"""Sentences of a text, and which of them says most of it."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.language.edits import units

_END = re.compile(r"(?<=[.!?])\s+(?=[^\sa-z])|(?<=[。！？])|\n\s*\n")
_MOST_SENTENCES = 60


def sentences_of(text: str) -> list[str]:
    """Return the sentences of a text, without white space around them; the text itself where it has no ends."""
    found = [" ".join(part.split()) for part in _END.split(text)]
    return [part for part in found if part][:_MOST_SENTENCES] or [" ".join(text.split())]


def _vectorizer() -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer

    return TfidfVectorizer(analyzer=plain_words, sublinear_tf=True)


def plain_words(text: str) -> list[str]:
    """Return the words of a text in small letters, without punctuation; each character of a script without spaces is one."""
    return [word for part in units(text.lower()) if (word := "".join(filter(str.isalnum, part)))]


class Central:
    """Finds the sentence whose words are nearest to those of the whole text, rare words counting more (TF-IDF)."""

    def __init__(self, texts: Sequence[str]) -> None:
        """Learn from `texts` which words are rare."""
        self._vectors = _vectorizer().fit([*texts, "a"])

    def sentence(self, text: str) -> str:
        """Return this sentence."""
        parts = sentences_of(text)
        rows = self._vectors.transform([text, *parts])
        return parts[int(np.argmax((rows[1:] @ rows[0].T).toarray()[:, 0]))]


class Titles:
    """Finds the summary of the known text with the most alike words."""

    def __init__(self, texts: Sequence[str], titles: Sequence[str]) -> None:
        """Keep `texts` with their summaries."""
        self._vectors = _vectorizer()
        self._known = self._vectors.fit_transform([*texts, "a"])[: len(texts)]
        self._titles = list(titles)

    def titles(self, texts: Sequence[str]) -> list[str]:
        """Return for each text the summary of its nearest neighbour."""
        found: list[str] = []
        for start in range(0, len(texts), 256):
            near = self._vectors.transform(texts[start : start + 256]) @ self._known.T
            found += [self._titles[int(place)] for place in np.asarray(near.argmax(axis=1)).ravel()]
        return found
