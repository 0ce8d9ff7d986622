"""Who is found among others, and how well a distance tells pairs of the same from pairs of different: figures of embeddings."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np

from engine.similarity.pairs import FIRST, IDENTITY, SECOND

MOST_PAIRS = 1_000
"""Pairs of a split whose first pictures are compared with all second ones, for the figures of different pairs: a million of them."""
FALSE_ACCEPTS = 0.01
"""Share of different pairs that may be taken for the same, where nobody says another."""
_SHARES = np.concatenate([[0.0], np.geomspace(0.0005, 0.5, 90)])
_ROWS, _DRAWS, _CONFIDENCE = 512, 200, 0.95


def apart(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the Euclidean distance of each of (rows, width) from each of (columns, width): (rows, columns)."""
    first, second = np.asarray(first, np.float64), np.asarray(second, np.float64)
    squares = np.square(first).sum(axis=1)[:, None] + np.square(second).sum(axis=1) - 2 * first @ second.T
    found: np.ndarray = np.sqrt(np.maximum(squares, 0))
    return found


def of_pairs(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the distance of each first from its second: (pairs,)."""
    found: np.ndarray = np.linalg.norm(np.asarray(first, np.float64) - np.asarray(second, np.float64), axis=1)
    return found


def ranks(first: np.ndarray, second: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Return for each first picture how many second ones of others are at least as near as the nearest of its own: (pairs,).

    The picture itself is not looked for where it is the second one of another pair.
    """
    found = np.empty(len(first), np.int64)
    for start in range(0, len(first), _ROWS):
        rows = slice(start, start + _ROWS)
        far = apart(first[rows], second)
        own = targets[rows, IDENTITY][:, None] == targets[:, IDENTITY]
        itself = targets[rows, FIRST][:, None] == targets[:, SECOND]
        nearest = np.where(own & ~itself, far, np.inf).min(axis=1)
        found[rows] = ((far <= nearest[:, None]) & ~own).sum(axis=1)
    return found


@dataclass(frozen=True)
class Compared:
    """Distances of pairs, by what is true of them."""

    same: np.ndarray
    """(pairs,): first and second picture of each."""
    different: np.ndarray
    """(others,): first pictures and second ones of others."""

    @classmethod
    def of(cls, first: np.ndarray, second: np.ndarray, targets: np.ndarray) -> Self:
        """Compare embeddings (pairs, width) with each other; of very many pairs some at random."""
        some = chosen(len(first))
        far = apart(first[some], second[some])
        others = targets[some, IDENTITY][:, None] != targets[some, IDENTITY]
        return cls(of_pairs(first, second), far[others])


def chosen(pairs: int) -> np.ndarray:
    """Return the positions of the pairs that are compared with each other."""
    if pairs <= MOST_PAIRS:
        return np.arange(pairs)
    return np.sort(np.random.default_rng(0).choice(pairs, MOST_PAIRS, replace=False))


def area(compared: Compared) -> float:
    """Return the probability that a pair of the same is nearer than a pair of different ones: the area under the ROC curve."""
    if not len(compared.same) or not len(compared.different):
        return float("nan")
    different = np.sort(compared.different)
    below = np.searchsorted(different, compared.same, "left")
    equal = np.searchsorted(different, compared.same, "right") - below
    return float(1 - np.mean(below + equal / 2) / len(different))


def threshold_at(different: np.ndarray, share: float) -> float:
    """Return the largest distance within which at most `share` of the different pairs lie: those below count."""
    if not len(different):
        return float("nan")
    allowed = int(share * len(different) + 1e-9)
    if allowed >= len(different):
        return float(np.max(different))
    return float(np.partition(different, allowed)[allowed])


def accepted(same: np.ndarray, different: np.ndarray, share: float) -> float:
    """Return the share of same pairs that are nearer than all but `share` of the different ones: TAR at this FAR."""
    return float(np.mean(same < threshold_at(different, share))) if len(same) else float("nan")


def accepted_between(
    first: np.ndarray, second: np.ndarray, targets: np.ndarray, share: float
) -> tuple[float, float] | None:
    """Return an interval of `accepted`: identities drawn again and again, with what they are compared with. None for fewer than ten."""
    some = chosen(len(first))
    far, same = apart(first[some], second[some]), of_pairs(first, second)[some]
    _, places = np.unique(targets[some, IDENTITY], return_inverse=True)
    count = int(places.max(initial=-1)) + 1
    if count < 10:
        return None
    rng, found = np.random.default_rng(0), []
    others = places[:, None] != places
    for _draw in range(_DRAWS):
        times = np.bincount(rng.integers(0, count, count), minlength=count)[places]
        drawn = np.repeat(np.arange(len(some)), times)
        different = far[np.ix_(drawn, drawn)][others[np.ix_(drawn, drawn)]]
        if len(different):
            found.append(accepted(same[drawn], different, share))
    tail = (1 - _CONFIDENCE) / 2
    low, high = np.quantile(found, [tail, 1 - tail]).tolist()
    return low, high


@dataclass(frozen=True)
class Calibration:
    """What the validation pairs of one network say about a distance. Plain numbers, kept beside the model."""

    shares: list[float]
    """Ascending shares of different pairs."""
    thresholds: list[float]
    """For each the distance below which at most that share lies."""
    slope: float
    intercept: float
    """Of the log odds that a pair is one of the same, where half of all are: intercept + slope * distance."""
    same: int
    """Number of same pairs."""
    different: int
    """Number of different pairs."""

    @classmethod
    def learn(cls, compared: Compared) -> Self | None:
        """Learn from pairs that the network was not trained on; None where one of both kinds is missing."""
        from sklearn.linear_model import LogisticRegression

        same, different = compared.same, compared.different
        if not len(same) or not len(different):
            return None
        scale = float(np.std(np.concatenate([same, different]))) or 1.0
        rows = np.concatenate([same, different])[:, None] / scale
        model = LogisticRegression(class_weight="balanced").fit(rows, np.arange(len(rows)) < len(same))
        thresholds = [threshold_at(different, share) for share in _SHARES.tolist()]
        return cls(
            _SHARES.tolist(),
            thresholds,
            float(model.coef_[0, 0]) / scale,
            float(model.intercept_[0]),
            len(same),
            len(different),
        )

    def threshold(self, share: float) -> float:
        """Return the distance below which at most `share` of the different pairs lay."""
        return float(np.interp(share, self.shares, self.thresholds))

    def probability(self, distance: float) -> float:
        """Return how likely a pair of this distance is one of the same, where half of all are."""
        return float(1 / (1 + np.exp(-np.clip(self.intercept + self.slope * distance, -30, 30))))

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """The inverse of `to_dict`."""
        return cls(**data)
