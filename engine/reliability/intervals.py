"""Intervals of predicted numbers from errors on examples that were not learned from: split conformal prediction.

Lei et al. 2018, Distribution-free predictive inference for regression, https://arxiv.org/abs/1604.04173.
"""

import math

import numpy as np


def fewest(level: float) -> int:
    """Return the smallest number of examples from which an interval of this level can be made."""
    return math.ceil(level / (1 - level) - 1e-9)


def radius(scores: np.ndarray, level: float) -> float | None:
    """Return what at least `level` of new scores stay within, by `scores` (examples,) of others; None where they are too few.

    With n scores it is the ceil((n + 1) level)-th smallest: the correction makes the promise hold for any n.
    """
    rank = math.ceil((len(scores) + 1) * level - 1e-9)
    if rank > len(scores) or not np.isfinite(scores).all():
        return None
    return float(np.partition(scores, rank - 1)[rank - 1])
