"""Sentences of a text, and which of them says most of it."""

import re
from collections import Counter
from collections.abc import Sequence
from math import log
from typing import Any

import numpy as np

from engine.language.edits import units

_END = re.compile(r"(?<=[.!?])\s+(?=[^\sa-z])|(?<=[。！？])|\n\s*\n")
_MOST_SENTENCES = 60
_MOST_TEXTS = 2_000  # from which the choice of a sentence is learned: a dozen numbers need no more


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


class Extractive:
    """Chooses the sentence that is most like a summary, by what the summaries of known texts were like: logistic regression.

    In training, the right sentence of a text is the one that shares most words with its summary.
    """

    def __init__(self, texts: Sequence[str], titles: Sequence[str]) -> None:
        """Learn from texts with their summaries, evenly chosen ones where there are many."""
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        step = -(-len(texts) // _MOST_TEXTS) or 1
        texts, titles = texts[::step], titles[::step]
        self._vectors = _vectorizer().fit([*texts, "a"])
        said = Counter(word for title in titles for word in plain_words(title))
        there = Counter(word for text in texts for word in plain_words(text))
        whole = max(1, said.total()), max(1, there.total())
        self._weights = {
            word: log((said[word] + 1) / whole[0]) - log((count + 1) / whole[1]) for word, count in there.items()
        }
        parts = [sentences_of(text) for text in texts]
        best = [
            int(np.argmax([_shared(part, title) for part in found])) for found, title in zip(parts, titles, strict=True)
        ]
        x = [self._features(text, found) for text, found in zip(texts, parts, strict=True) if len(found) > 1]
        y = [np.arange(len(found)) == place for found, place in zip(parts, best, strict=True) if len(found) > 1]
        self._model = make_pipeline(StandardScaler(), LogisticRegression())
        self._knows = bool(x)
        if x:
            self._model.fit(np.concatenate(x), np.concatenate(y))

    def sentence(self, text: str) -> str:
        """Return this sentence; the first one where nothing could be learned."""
        parts = sentences_of(text)
        if not self._knows:
            return parts[0]
        return parts[int(np.argmax(self._model.decision_function(self._features(text, parts))))]

    def _features(self, text: str, parts: Sequence[str]) -> np.ndarray:
        """(sentences, 6): place, whether it is the first, length, likeness to the whole, and how summary-like its words are."""
        rows = self._vectors.transform([text, *parts])
        alike = np.asarray((rows[1:] @ rows[0].T).todense()).ravel()
        words = [[self._weights.get(word, 0.0) for word in plain_words(part)] or [0.0] for part in parts]
        places = np.arange(len(parts))
        lengths = np.log([len(some) for some in words])
        means = [float(np.mean(some)) for some in words]
        return np.stack([places / len(parts), places == 0, lengths, lengths**2, alike, means], axis=1)


def _shared(one: str, other: str) -> float:
    """The F1 of the words that two texts share."""
    first, second = Counter(plain_words(one)), Counter(plain_words(other))
    return 2 * (first & second).total() / max(1, first.total() + second.total())


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
