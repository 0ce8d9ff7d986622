"""Average precision as COCO defines it: the same numbers as pycocotools.

Source: Lin et al. 2014, https://arxiv.org/abs/1405.0312, and `COCOeval` of https://github.com/cocodataset/cocoapi.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from engine.detection.boxes import overlaps

THRESHOLDS = np.linspace(0.5, 0.95, 10)
"""Least intersection over union at which a box counts as found: mAP@[.5:.95] is the mean over these."""
RECALLS = np.linspace(0, 1, 101)
"""Recalls at which precision is read."""
MOST = 100
"""Boxes of a picture that count, the likeliest."""


class Curve(NamedTuple):
    """Precision at each of `RECALLS`, for each threshold, of one class."""

    precision: np.ndarray
    """(thresholds, recalls)"""
    boxes: int
    """True boxes."""

    def average(self) -> np.ndarray:
        """Return the average precision at each threshold, (thresholds,)."""
        return np.asarray(self.precision.mean(axis=1))


def curves(
    found: Sequence[np.ndarray], true: Sequence[np.ndarray], classes: int, thresholds: np.ndarray = THRESHOLDS
) -> list[Curve | None]:
    """Return a curve for each class, None for one that no picture has.

    `found`: for each picture (boxes, 6), see `peaks`; `true`: for each (boxes, 5), corners and class.
    """
    taken = [rows[np.argsort(-rows[:, 5], kind="stable")] for rows in map(np.asarray, found)]
    return [_curve(list(_of_class(taken, true, index)), thresholds) for index in range(classes)]


def of_any_class(rows: Iterable[np.ndarray]) -> list[np.ndarray]:
    """Return the same boxes (boxes, 5 or more) as if there were only one class."""
    return [np.concatenate([row[:, :4], 0 * row[:, 4:5], row[:, 5:]], axis=1) for row in map(np.asarray, rows)]


def mean_precision(found: Sequence[Curve | None]) -> tuple[float, float]:
    """Return mAP@.5 and mAP@[.5:.95]: means over the classes that there are; NaN where there is none."""
    averages = [curve.average() for curve in found if curve is not None]
    if not averages:
        return float("nan"), float("nan")
    return float(np.mean([one[0] for one in averages])), float(np.mean(averages))


def _of_class(
    found: Sequence[np.ndarray], true: Sequence[np.ndarray], index: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    for told, there in zip(found, true, strict=True):
        there = np.asarray(there)
        yield told[told[:, 4] == index][:MOST], there[there[:, 4] == index]


def _curve(pictures: Sequence[tuple[np.ndarray, np.ndarray]], thresholds: np.ndarray) -> Curve | None:
    boxes = sum(len(there) for _told, there in pictures)
    if not boxes:
        return None
    probabilities = np.concatenate([told[:, 5] for told, _there in pictures])
    order = np.argsort(-probabilities, kind="stable")
    right = np.concatenate([matched(told, there, thresholds) >= 0 for told, there in pictures])[
        order
    ]  # (found, thresholds)
    hits, misses = np.cumsum(right, axis=0, dtype=float), np.cumsum(~right, axis=0, dtype=float)
    precision = np.zeros((len(thresholds), len(RECALLS)))
    for place in range(len(thresholds)):
        recall = hits[:, place] / boxes
        exact = hits[:, place] / (hits[:, place] + misses[:, place] + np.spacing(1))
        best = np.maximum.accumulate(exact[::-1])[::-1]  # what a higher recall reaches, a lower one does too
        at = np.searchsorted(recall, RECALLS, side="left")
        precision[place, at < len(best)] = best[at[at < len(best)]]
    return Curve(precision, boxes)


def matched(told: np.ndarray, there: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """Return for each found box, the likeliest first, the true one it stands for, -1 for none: (found, thresholds) int64.

    Each takes of the true boxes that are left the one with the largest overlap; of equal ones the last, as COCO does.
    """
    shared = overlaps(told, there)
    found = np.full((len(told), len(thresholds)), -1, np.int64)
    if not shared.size:
        return found
    for place, threshold in enumerate(thresholds):
        left = np.ones(len(there), bool)
        for row in range(len(told)):
            candidates = np.where(left, shared[row], -1.0)
            best = len(there) - 1 - int(np.argmax(candidates[::-1]))
            if candidates[best] >= min(threshold, 1 - 1e-10):
                found[row, place], left[best] = best, False
    return found
