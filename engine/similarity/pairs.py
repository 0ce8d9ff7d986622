"""Pairs of pictures of one thing, from pictures that say which thing each shows."""

import numpy as np

from engine.errors import TrainyardError
from engine.sentences import Sentence

IDENTITY, FIRST, SECOND = range(3)
"""Columns of a target: what both pictures show, and the number of each picture in its dataset."""
LEAST_IDENTITIES = 10
"""With fewer, a split would have no two that differ."""


def pair_up(identities: np.ndarray, most: int) -> np.ndarray:
    """Return pairs (pairs, 3) int64 of pictures of one identity, by the identities (pictures,) of all.

    Each picture is the first of at most `most` pairs: with the pictures that follow it in its identity, the last one with the
    first. An identity with one picture has none.
    """
    rows = list[tuple[int, int, int]]()
    for identity in np.unique(identities).tolist():
        members = np.flatnonzero(identities == identity).tolist()
        for step in range(1, min(most, len(members) - 1) + 1):
            rows += [(identity, one, members[(at + step) % len(members)]) for at, one in enumerate(members)]
    return np.array(sorted(rows), np.int64).reshape(-1, 3)


def check_pairs(dataset: str, rows: np.ndarray) -> None:
    """Raise `TrainyardError` where no embedding can be learned from pairs (pairs, 3), or none be evaluated."""
    found = len(np.unique(rows[:, IDENTITY]))
    if not len(rows):
        reason = Sentence("none of them has two pictures")
    elif found == 1:
        reason = Sentence("only one has two pictures, and nothing to be told from")
    else:
        reason = Sentence("{count} have two pictures or more", count=found)
    if found < LEAST_IDENTITIES:
        raise TrainyardError(
            "Dataset {name!r} has too few people or things: {reason}. Similarity is learned from two or more pictures of each, and "
            "training, validation and test need different ones: give at least {least}, a folder for each.",
            name=dataset,
            reason=reason,
            least=LEAST_IDENTITIES,
        )
