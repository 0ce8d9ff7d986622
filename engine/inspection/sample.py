"""A sample of the examples to inspect where there are too many."""

import numpy as np

from engine.preparation.prepare import PreparedDataset


def sample_of(prepared: PreparedDataset, most: int) -> np.ndarray:
    """Return (up to `most`,) positions, ascending: all, or a sample that is the same each time."""
    count = len(prepared.targets)
    if count <= most:
        return np.arange(count)
    return np.sort(np.random.default_rng(0).choice(count, most, replace=False))
