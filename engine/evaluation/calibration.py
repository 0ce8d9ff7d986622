"""Whether a probability means what it says: Guo et al. 2017, https://arxiv.org/abs/1706.04599."""

from typing import Any

import numpy as np

BINS = 15
"""Bins of equal width over the confidence, as in the paper."""


def calibration_of(probabilities: np.ndarray, targets: np.ndarray) -> dict[str, Any]:
    """Return accuracy against confidence, the probability of the predicted class, in bins of equal width.

    `probabilities` (examples, classes), `targets` (examples,). `bins` holds those with examples: `low`, `high`,
    `count`, mean `confidence`, `accuracy`. `ece` is the expected calibration error: the mean distance between the two,
    weighted by count.
    """
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == targets
    # a bin includes its upper edge, not its lower one
    where = np.clip(np.ceil(confidence * BINS).astype(int) - 1, 0, BINS - 1)
    counts = np.bincount(where, minlength=BINS)
    sums = np.bincount(where, weights=confidence, minlength=BINS)
    hits = np.bincount(where, weights=right, minlength=BINS)
    bins = [
        {
            "low": i / BINS,
            "high": (i + 1) / BINS,
            "count": int(counts[i]),
            "confidence": float(sums[i] / counts[i]),
            "accuracy": float(hits[i] / counts[i]),
        }
        for i in np.flatnonzero(counts).tolist()
    ]
    return {"bins": bins, "ece": float(np.abs(sums - hits).sum() / len(targets))}
