"""Counting: the probability of a token after the few before it, as seen in training. What a network must beat."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import numpy as np

ORDER = 4
"""Tokenizer that are counted together: three before, and the one that follows."""


class Ngrams:
    """An n-gram model whose longer contexts back off to shorter ones.

    Witten and Bell 1991 (https://doi.org/10.1109/18.87000): the more different tokens have followed a context, the more
    probability goes to what the shorter context says.
    """

    def __init__(self, rows: Iterable[Sequence[int]], size: int, order: int = ORDER) -> None:
        """Count in `rows` of ids, which begin with an id that is not predicted; `size` is the number of different ids."""
        self._order, self._size = order, size
        self._after: list[dict[tuple[int, ...], Counter[int]]] = [defaultdict(Counter) for _ in range(order)]
        for row in rows:
            for place in range(1, len(row)):
                for length in range(min(order - 1, place) + 1):
                    self._after[length][tuple(row[place - length : place])][row[place]] += 1
        self._totals = [{context: after.total() for context, after in counts.items()} for counts in self._after]

    def log_probabilities(self, row: Sequence[int]) -> np.ndarray:
        """Return the natural logarithm of the probability of each id of a row but the first: (length - 1,)."""
        return np.log([self._probability(row, place) for place in range(1, len(row))])

    def _probability(self, row: Sequence[int], place: int) -> float:
        found = 1 / self._size
        for length in range(min(self._order - 1, place) + 1):
            context = tuple(row[place - length : place])
            after = self._after[length].get(context)
            if after is None:
                break
            found = (after[row[place]] + len(after) * found) / (self._totals[length][context] + len(after))
        return found
