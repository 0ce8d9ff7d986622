"""Judge predicted numbers: mean errors, explained variance, and how the errors are spread."""

from typing import Any

import numpy as np

from engine.judging.finite import finite

MAX_POINTS = 500
"""Most examples of the stored scatter."""
HISTOGRAM_BINS = 31
"""Bins of the histogram of errors; odd, so that one lies around no error."""


def judge_values(predicted: np.ndarray, targets: np.ndarray, unit: str = "") -> dict[str, Any]:
    """Judge `predicted` (examples,) or (examples, 1) by `targets` (examples,), both in `unit`.

    `metrics`: mean absolute error (`mae`), root mean squared error (`rmse`) and, where targets differ, the share of
    their variance that is explained (`r2`). `residuals`: true and predicted values of some examples; `histogram`:
    counts of predicted minus true between `edges`.
    """
    from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

    predicted = finite(predicted).reshape(len(targets))
    targets = np.asarray(targets, dtype=np.float64)
    metrics = {
        "mae": float(mean_absolute_error(targets, predicted)),
        "rmse": float(root_mean_squared_error(targets, predicted)),
    }
    if np.ptp(targets) > 0:  # of constant targets there is no variance to explain
        metrics["r2"] = float(r2_score(targets, predicted))
    return {
        "metrics": metrics,
        "unit": unit,
        "residuals": _some(predicted, targets),
        "histogram": _histogram(predicted - targets),
    }


def value_scores(predicted: np.ndarray, targets: np.ndarray) -> dict[str, np.ndarray]:
    """For each metric that is a mean over examples, or the root of one, what is averaged: (examples,)."""
    errors = np.asarray(predicted, np.float64).reshape(len(targets)) - np.asarray(targets, np.float64)
    return {"rmse": errors**2, "mae": np.abs(errors)}


def _some(predicted: np.ndarray, targets: np.ndarray) -> dict[str, Any]:
    """A random part that is the same each time; where all are few, all."""
    where = np.arange(len(targets))
    if len(where) > MAX_POINTS:
        where = np.sort(np.random.default_rng(0).choice(where, MAX_POINTS, replace=False))
    return {"true": _plain(targets[where]), "predicted": _plain(predicted[where]), "of": len(targets)}


def _histogram(errors: np.ndarray) -> dict[str, Any]:
    """Symmetric about no error, so that a bias is seen at a glance."""
    reach = float(np.abs(errors).max()) or 1.0
    counts, edges = np.histogram(errors, bins=HISTOGRAM_BINS, range=(-reach, reach))
    return {"edges": _plain(edges), "counts": counts.tolist()}


def _plain(values: np.ndarray) -> list[float]:
    """Six significant digits: all that a chart can show."""
    return [float(f"{value:.6g}") for value in values]
