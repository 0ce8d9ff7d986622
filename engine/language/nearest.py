"""The answer of the most similar text that is known: what a network that makes texts from texts must beat."""

from collections.abc import Sequence

import numpy as np
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cdist

_TOGETHER = 256  # texts that are compared with all known ones at once
_MOST = 20_000  # known texts that are compared: each comparison takes time
_CHARACTERS = 400  # of a text that are compared


class Nearest:
    """Known texts with their answers."""

    def __init__(self, texts: Sequence[str], answers: Sequence[str]) -> None:
        """Keep evenly chosen ones where there are many."""
        step = -(-len(texts) // _MOST)
        self._texts = [text[:_CHARACTERS] for text in texts[::step]]
        self._answers = list(answers[::step])

    def answers(self, texts: Sequence[str]) -> list[str]:
        """Return for each text the answer of the known one with the fewest changed characters."""
        found: list[str] = []
        for start in range(0, len(texts), _TOGETHER):
            some = [text[:_CHARACTERS] for text in texts[start : start + _TOGETHER]]
            far = cdist(some, self._texts, scorer=Levenshtein.distance, dtype=np.uint16, workers=1)
            found += [self._answers[int(place)] for place in far.argmin(axis=1)]
        return found
