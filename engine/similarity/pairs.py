"""Pairs of pictures of one thing, from pictures that say which thing each shows."""

import numpy as np

IDENTITY, FIRST, SECOND = range(3)
"""Columns of a target: what both pictures show, and the number of each picture in its dataset."""


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
