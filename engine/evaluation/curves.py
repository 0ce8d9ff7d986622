"""ROC and precision-recall curves: one for two classes, one against the rest for each of more classes, and their mean."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

MAX_POINTS = 100
"""Most points of one stored curve."""
MAX_CURVES = 20
"""With more classes than this only the mean curve is stored; every class keeps its area."""

Points = tuple[np.ndarray, np.ndarray]


def roc_curves(probabilities: np.ndarray, targets: np.ndarray, labels: Sequence[str]) -> dict[str, Any]:
    """Return true against false positive rate over all thresholds: see `_curves`. `area` is the AUC."""
    return _curves(probabilities, targets, labels, _roc, _between)


def precision_recall_curves(probabilities: np.ndarray, targets: np.ndarray, labels: Sequence[str]) -> dict[str, Any]:
    """Return precision against recall over all thresholds: see `_curves`. `area` is the average precision."""
    return _curves(probabilities, targets, labels, _precision_recall, _next)


def _curves(
    probabilities: np.ndarray,
    targets: np.ndarray,
    labels: Sequence[str],
    trace: Callable[[np.ndarray, np.ndarray], tuple[Points, float]],
    at: Callable[[np.ndarray, Points], np.ndarray],
) -> dict[str, Any]:
    """Return `curves`: for each class that has examples and is not alone `label`, `x`, `y`, `area`, `share` of examples.

    `areas` lists the areas of all classes in the order of `labels`, None where undefined; `area` is their mean, and
    `mean` the mean curve of more than two classes. With two classes only the second has a curve.
    """
    found: list[dict[str, Any]] = []
    areas: list[float | None] = [None] * len(labels)
    means: list[np.ndarray] = []
    grid = np.linspace(0.0, 1.0, MAX_POINTS)
    for k, positive in _one_against_rest(targets, len(labels)):
        (x, y), area = trace(positive, probabilities[:, k])
        areas[k] = area
        means.append(at(grid, (x, y)))
        x, y = thinned(x, y)
        found.append({"label": labels[k], **_rounded(x, y), "area": area, "share": float(positive.mean())})
    known = [area for area in areas if area is not None]
    return {
        "curves": found if len(labels) <= MAX_CURVES else [],
        "mean": _rounded(grid, np.mean(means, axis=0)) if means and len(labels) > 2 else None,
        "areas": areas,
        "area": float(np.mean(known)) if known else None,
    }


def _one_against_rest(targets: np.ndarray, num_classes: int) -> Iterator[tuple[int, np.ndarray]]:
    """Return the classes for one-against-rest curves, each with a mask (examples,) of its examples."""
    for k in range(1 if num_classes == 2 else 0, num_classes):
        positive = targets == k
        if positive.any() and not positive.all():
            yield k, positive


def _roc(positive: np.ndarray, scores: np.ndarray) -> tuple[Points, float]:
    from sklearn.metrics import auc, roc_curve

    false, true, _thresholds = roc_curve(positive, scores)
    return (false, true), float(auc(false, true))


def _precision_recall(positive: np.ndarray, scores: np.ndarray) -> tuple[Points, float]:
    from sklearn.metrics import average_precision_score, precision_recall_curve

    precision, recall, _thresholds = precision_recall_curve(positive, scores)
    return (recall[::-1], precision[::-1]), float(average_precision_score(positive, scores))


def _between(grid: np.ndarray, points: Points) -> np.ndarray:
    """Interpolate a ROC curve on `grid`: mixing two thresholds reaches every point of the line between theirs."""
    found: np.ndarray = np.interp(grid, *points)
    found[0] = 0.0  # without false positives, thresholds begin with nothing found
    return found


def _next(grid: np.ndarray, points: Points) -> np.ndarray:
    """Interpolate a precision-recall curve on `grid`: the precision at the first recall as high. There is no line between
    two thresholds (Davis and Goadrich 2006, https://doi.org/10.1145/1143844.1143874).
    """
    recall, precision = points
    found: np.ndarray = precision[np.searchsorted(recall, grid)]
    return found


def thinned(x: np.ndarray, y: np.ndarray, most: int = MAX_POINTS) -> Points:
    """Return at most `most` points of a curve, evenly spaced along it, the first and the last included."""
    if len(x) <= most:
        return x, y
    way = np.concatenate([[0.0], np.cumsum(np.abs(np.diff(x)) + np.abs(np.diff(y)))])
    keep = np.unique(np.searchsorted(way, np.linspace(0.0, way[-1], most)))
    keep[-1] = len(x) - 1
    return x[keep], y[keep]


def _rounded(x: np.ndarray, y: np.ndarray) -> dict[str, list[float]]:
    return {"x": np.round(x, 4).tolist(), "y": np.round(y, 4).tolist()}
