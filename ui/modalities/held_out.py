"""Which examples of the test split are offered to try a network on."""

import numpy as np

from engine.preparation.prepare import PreparedDataset


def held_out(prepared: PreparedDataset, count: int) -> np.ndarray:
    """Positions of `count` examples of the test split, of as many classes as there are places, the same each time."""
    order = np.random.default_rng(0).permutation(prepared.indices("test"))
    targets = prepared.strata(order)
    rank = np.empty(len(order), dtype=int)  # how many of its class come before it: one of each class first
    for target in np.unique(targets):
        rank[targets == target] = np.arange((targets == target).sum())
    return np.asarray(order[np.argsort(rank, kind="stable")][:count])
