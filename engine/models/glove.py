"""GloVe: vectors of frequent English words, learned from six billion words of Wikipedia and news."""

from functools import lru_cache
from pathlib import Path

import numpy as np

SIZE = 50
_FILE = Path(__file__).resolve().parents[2] / "data" / "text" / "glove_6b_50d_top20k_fp16.npz"


@lru_cache(maxsize=1)
def glove() -> tuple[dict[str, int], np.ndarray]:
    """Return the row of each of the 20,000 most frequent words, and their vectors (words, 50) float32.

    Pennington, Socher, Manning 2014, https://aclanthology.org/D14-1162.
    """
    with np.load(_FILE) as file:
        return {str(word): row for row, word in enumerate(file["words"])}, file["vectors"].astype(np.float32)
