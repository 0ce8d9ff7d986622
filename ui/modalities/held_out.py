"""Examples of the test split that are offered to try a network on."""

import numpy as np

from engine.preparation.prepare import PreparedDataset
from engine.preparation.varied import varied


def held_out(prepared: PreparedDataset, count: int) -> np.ndarray:
    """Return the positions of `count` examples of the test split, of as many classes as there are places."""
    return varied(prepared, "test", count)
