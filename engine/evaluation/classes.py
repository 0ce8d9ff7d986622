"""Evaluate class probabilities: metrics, confusion matrix, curves over all thresholds, and calibration."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.evaluation.calibration import calibration_of
from engine.evaluation.curves import precision_recall_curves, roc_curves
from engine.evaluation.finite import finite

_SMALLEST = 1e-7
"""Probability below which the cross-entropy of one example is cut off."""


def evaluate_classes(probabilities: np.ndarray, targets: np.ndarray, labels: Sequence[str]) -> dict[str, Any]:
    """Evaluate `probabilities` (examples, classes) against `targets` (examples,), class indices into `labels`.

    `metrics`: accuracy, cross-entropy, macro F1, expected calibration error (`ece`) and, where two classes have
    examples, the area under the ROC curve (`auc`). In addition `labels`, `confusion_matrix` (rows: true),
    `per_class` (precision, recall, F1, support), `roc`, `precision_recall` and `calibration`, as pages draw them.
    """
    probabilities = finite(probabilities)
    predicted = probabilities.argmax(axis=1)
    per_class = _per_class(predicted, targets, labels)
    roc = roc_curves(probabilities, targets, labels)
    calibration = calibration_of(probabilities, targets)
    chosen = np.clip(probabilities[np.arange(len(targets)), targets], _SMALLEST, 1.0)
    metrics = {
        "accuracy": float((predicted == targets).mean()),
        "cross_entropy": float(-np.log(chosen).mean()),
        "macro_f1": float(np.mean([row["f1"] for row in per_class])),
        "ece": calibration["ece"],
    }
    if roc["area"] is not None:  # with examples of one class only there is nothing to rank
        metrics["auc"] = roc["area"]
    return {
        "metrics": metrics,
        "labels": list(labels),
        "confusion_matrix": _confusion_matrix(predicted, targets, len(labels)),
        "per_class": per_class,
        "roc": roc,
        "precision_recall": precision_recall_curves(probabilities, targets, labels),
        "calibration": calibration,
    }


def class_scores(probabilities: np.ndarray, targets: np.ndarray) -> dict[str, np.ndarray]:
    """Return per-example values (examples,) of metrics that are means over examples; `probabilities` (examples, classes)."""
    chosen = np.clip(probabilities[np.arange(len(targets)), targets].astype(np.float64), _SMALLEST, 1.0)
    return {
        "accuracy": (probabilities.argmax(axis=1) == targets).astype(np.float64),
        "cross_entropy": -np.log(chosen),
    }


def _confusion_matrix(predicted: np.ndarray, targets: np.ndarray, num_classes: int) -> list[list[int]]:
    from sklearn.metrics import confusion_matrix

    counts: list[list[int]] = confusion_matrix(targets, predicted, labels=np.arange(num_classes)).tolist()
    return counts


def _per_class(predicted: np.ndarray, targets: np.ndarray, labels: Sequence[str]) -> list[dict[str, Any]]:
    from sklearn.metrics import precision_recall_fscore_support

    found = precision_recall_fscore_support(targets, predicted, labels=np.arange(len(labels)), zero_division=0.0)
    return [
        {"label": label, "precision": p, "recall": r, "f1": f, "support": int(n)}
        for label, p, r, f, n in zip(labels, *(column.tolist() for column in found), strict=True)
    ]
