"""What an evaluation of boxes says: average precision, curves, sizes, and classes that are taken for others or for nothing."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.detection.boxes import areas
from engine.detection.precision import RECALLS, THRESHOLDS, Curve, curves, matched, mean_precision, of_any_class

_HALF = THRESHOLDS[:1]
_SIZES = (("small", 0.0, 32.0**2), ("medium", 32.0**2, 96.0**2), ("large", 96.0**2, np.inf))
"""As COCO has them: area of the box in pixels."""


def evaluate_boxes(outputs: Any, targets: Any, labels: Sequence[str], threshold: float) -> dict[str, Any]:
    """Return `metrics` and what pages draw, as plain JSON.

    `outputs`: boxes of each picture (boxes, 6), also unlikely ones; `targets`: its true ones (boxes, 5). What an answer
    shows are those with a probability of at least `threshold`.
    """
    found, true = [np.asarray(row) for row in outputs], [np.asarray(row) for row in targets]
    of_classes = curves(found, true, len(labels))
    any_class = curves(of_any_class(found), of_any_class(true), 1, _HALF)
    half, mean = mean_precision(of_classes)
    shown = [row[row[:, 5] >= threshold] for row in found]
    scores = box_scores(shown, true, threshold)
    return {
        "metrics": {
            "map50": half,
            "map": mean,
            "any_class50": mean_precision(any_class)[0],
            "box_f1": float(scores.mean()) if len(scores) else float("nan"),
        },
        "labels": list(labels),
        "threshold": threshold,
        "boxes": sum(map(len, true)),
        "recalls": RECALLS.round(2).tolist(),
        "per_class": [_of_class(label, curve) for label, curve in zip(labels, of_classes, strict=True) if curve],
        "sizes": _by_size(shown, true),
        "taken_for": _taken_for(shown, true, len(labels)),
    }


def box_scores(outputs: Any, targets: Any, threshold: float) -> np.ndarray:
    """Return the F1 of the boxes of each picture whose probability is at least `threshold` (pictures,): 1 for an empty picture
    in which nothing is seen."""
    found = []
    for told, there in zip(map(np.asarray, outputs), map(np.asarray, targets), strict=True):
        shown = told[told[:, 5] >= threshold]
        right = sum(
            int((matched(shown[shown[:, 4] == k], there[there[:, 4] == k], _HALF) >= 0).sum())
            for k in np.unique(there[:, 4])
        )
        total = len(shown) + len(there)
        found.append(2 * right / total if total else 1.0)
    return np.array(found, np.float32)


def _of_class(label: str, curve: Curve) -> dict[str, Any]:
    averages = curve.average()
    return {
        "label": label,
        "boxes": curve.boxes,
        "ap50": float(averages[0]),
        "ap": float(averages.mean()),
        "precision": curve.precision[0].round(4).tolist(),
    }


def _by_size(shown: Sequence[np.ndarray], true: Sequence[np.ndarray]) -> list[dict[str, Any]]:
    """Of true boxes by size: how many there are, and the share around which a box is shown, of whatever class."""
    pairs = list(zip(shown, true, strict=True))
    area = np.concatenate([areas(there) for _told, there in pairs]) if pairs else np.empty(0)
    seen = [np.isin(np.arange(len(there)), matched(told, there, _HALF)) for told, there in pairs]
    hit = np.concatenate(seen) if seen else np.empty(0, bool)
    found = []
    for name, low, high in _SIZES:
        of_size = (area >= low) & (area < high)
        if of_size.any():
            found.append({"size": name, "boxes": int(of_size.sum()), "found": float(hit[of_size].mean())})
    return found


def _taken_for(shown: Sequence[np.ndarray], true: Sequence[np.ndarray], classes: int) -> list[list[int]]:
    """(classes + 1, classes + 1): true class, the last for nothing, by class that was shown, the last for none."""
    counts = np.zeros((classes + 1, classes + 1), np.int64)
    for told, there in zip(shown, true, strict=True):
        partners = matched(told, there, _HALF)[:, 0]
        for row, partner in zip(told, partners.tolist(), strict=True):
            counts[int(there[partner, 4]) if partner >= 0 else classes, int(row[4])] += 1
        missed = np.setdiff1d(np.arange(len(there)), partners)
        np.add.at(counts, (there[missed, 4].astype(int), classes), 1)
    return [[int(count) for count in row] for row in counts]
