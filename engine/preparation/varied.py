"""Examples of a split that show all it has: one of each class before a second of any."""

import numpy as np

from engine.preparation.prepare import PreparedDataset, Split

_MOST_DIGITS = 15


def watched(prepared: PreparedDataset, wanted: str, count: int) -> np.ndarray:
    """Return the positions of `count` validation examples: those `wanted`, numbers between commas, before varied ones.

    Numbers that are not of a validation example are left out: another split of the same data has others.
    """
    asked = np.array(positions_in(wanted), np.int64)
    known = asked[np.isin(asked, prepared.indices("validation"))]
    return np.array([*dict.fromkeys([*known.tolist(), *varied(prepared, "validation", count).tolist()])][:count], int)


def positions_in(wanted: str) -> list[int]:
    """Return the numbers between commas, each once; what cannot be a position is left out."""
    parts = wanted.replace(",", " ").split()
    return list(dict.fromkeys(int(part) for part in parts if part.isdecimal() and len(part) <= _MOST_DIGITS))


def varied(prepared: PreparedDataset, split: Split, count: int) -> np.ndarray:
    """Return the positions of `count` examples of a split, of as many classes as there are places, the same each time."""
    order = np.random.default_rng(0).permutation(prepared.indices(split))
    targets = prepared.strata(order)
    rank = np.empty(len(order), dtype=int)  # how many of its class come before it
    for target in np.unique(targets):
        rank[targets == target] = np.arange((targets == target).sum())
    return np.asarray(order[np.argsort(rank, kind="stable")][:count])
