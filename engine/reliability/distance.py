"""Inputs unlike the data: distance to the validation examples in what the network makes of them before its head.

Mahalanobis distance to the nearest class mean, with one covariance for all classes (Lee et al. 2018, https://arxiv.org/abs/1807.03888),
in two views: on signed roots, where one strong unit does not decide alone, and on vectors of length one, which show directions
that no class has (Mueller and Hein 2025, https://arxiv.org/abs/2505.18032). The larger of the two counts.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import numpy as np

FEWEST = 19
"""With fewer examples, even the farthest of all is no rare one: one in twenty ordinary inputs would be flagged."""
NARROW = 256
"""Wider representations are projected to so many random directions, which keeps distances nearly as they are."""
_FOLDS = 10
_RIDGE = 0.1  # of the mean variance: units that never vary on few examples vary elsewhere
_HIGH = 0.98  # the views are put on one scale by this quantile


def _roots(rows: np.ndarray) -> np.ndarray:
    found: np.ndarray = np.sign(rows) * np.sqrt(np.abs(rows))
    return found


def _directions(rows: np.ndarray) -> np.ndarray:
    found: np.ndarray = rows / (np.linalg.norm(rows, axis=1, keepdims=True) + 1e-9)
    return found


_VIEWS: tuple[Callable[[np.ndarray], np.ndarray], ...] = (_roots, _directions)


@dataclass(frozen=True)
class Reference:
    """Validation examples as distances are measured from them, and how far each of them lies from the others."""

    projection: np.ndarray
    """(width, units) of wide representations; otherwise without columns."""
    whitening: np.ndarray
    """(views, units, units): in this space all directions vary alike within classes."""
    means: np.ndarray
    """(views, classes, units), whitened."""
    scales: np.ndarray
    """(views,)"""
    distances: np.ndarray
    """(examples,) ascending: of each example from what the others show."""

    @classmethod
    def of(cls, representations: np.ndarray, classes: np.ndarray) -> Self | None:
        """Learn from representations (examples, width) and classes (examples,); None where there are too few, or all are alike.

        Distances of the examples are cross-validated: each is measured from those of the other folds.
        """
        finite = np.isfinite(representations).all(axis=1)
        width, classes = representations.shape[1], classes[finite]
        projection = np.empty((width, 0), np.float32)
        if width > NARROW:
            signs = np.random.default_rng(0).integers(0, 2, (width, NARROW))
            projection = (2 * signs - 1).astype(np.float32) / NARROW**0.5
        rows = _projected(representations[finite], projection)
        if len(rows) < FEWEST or not np.ptp(rows, axis=0).any():
            return None
        folds, held = np.arange(len(rows)) % _FOLDS, np.empty((len(_VIEWS), len(rows)))
        for fold in range(_FOLDS):
            out = folds == fold
            held[:, out] = _measured(rows[out], *_fitted(rows[~out], classes[~out]))
        scales = np.maximum(np.quantile(held, _HIGH, axis=1), 1e-9)
        whitening, means = _fitted(rows, classes)
        distances = np.sort((held / scales[:, None]).max(axis=0))
        return cls(projection, *(part.astype(np.float32) for part in (whitening, means, scales, distances)))

    def as_far(self, representations: np.ndarray) -> np.ndarray:
        """Return how many of the examples lie at least as far out as each row (inputs, width)."""
        finite = np.isfinite(representations).all(axis=1)
        rows = _projected(np.where(finite[:, None], representations, 0), self.projection)
        measured = _measured(rows, self.whitening, self.means) / self.scales[:, None]
        found = len(self.distances) - np.searchsorted(self.distances, measured.max(axis=0))
        return np.where(finite, found, 0)

    def most(self, level: float) -> int:
        """Return the largest number of examples as far out with which an input is flagged.

        By exchangeability about `level` of ordinary inputs are: with k of n examples as far, (k + 1) / (n + 1). Few examples
        flag only what is farther than all of them.
        """
        return max(0, int(level * (len(self.distances) + 1)) - 1)


def _projected(rows: np.ndarray, projection: np.ndarray) -> np.ndarray:
    found: np.ndarray = rows @ projection if projection.shape[1] else rows
    return found.astype(np.float32)


def _fitted(rows: np.ndarray, classes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return whitening (views, units, units) and whitened class means (views, classes, units)."""
    _, places, counts = np.unique(classes, return_inverse=True, return_counts=True)
    parts = []
    for view in _VIEWS:
        seen = view(rows).astype(np.float64)
        means = np.zeros((len(counts), seen.shape[1]))
        np.add.at(means, places, seen)
        means /= counts[:, None]
        apart = seen - means[places]
        covariance = apart.T @ apart / len(apart)
        ridge = _RIDGE * max(np.trace(covariance) / len(covariance), 1e-12)
        whitening = np.linalg.inv(np.linalg.cholesky(covariance + ridge * np.eye(len(covariance)))).T
        parts.append((whitening, means @ whitening))
    return np.stack([part[0] for part in parts]), np.stack([part[1] for part in parts])


def _measured(rows: np.ndarray, whitening: np.ndarray, means: np.ndarray) -> np.ndarray:
    """Return the distance of each row from the nearest class, in each view: (views, rows)."""
    found = []
    for view, matrix, centres in zip(_VIEWS, whitening, means, strict=True):
        seen = view(rows) @ matrix
        squares = np.square(seen).sum(axis=1)[:, None] + np.square(centres).sum(axis=1) - 2 * seen @ centres.T
        found.append(np.sqrt(np.maximum(squares.min(axis=1), 0)))
    return np.stack(found)
