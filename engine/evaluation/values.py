"""Evaluate predicted numbers: mean errors, explained variance, and the distribution of errors."""

from typing import Any

import numpy as np

from engine.evaluation.finite import finite

MAX_POINTS = 500
"""Most examples of the stored scatter plot."""
HISTOGRAM_BINS = 31
"""Bins of the histogram of errors; odd, so that one is centred on zero."""


def evaluate_values(predicted: np.ndarray, targets: np.ndarray, unit: str = "") -> dict[str, Any]:
    """Evaluate `predicted` (examples,) or (examples, 1) against `targets` (examples,), both in `unit`.

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
    if np.ptp(targets) > 0:  # constant targets have no variance to explain
        metrics["r2"] = float(r2_score(targets, predicted))
    return {
        "metrics": metrics,
        "unit": unit,
        "residuals": _some(predicted, targets),
        "histogram": _histogram(predicted - targets),
    }


def value_scores(predicted: np.ndarray, targets: np.ndarray) -> dict[str, np.ndarray]:
    """Return the per-example values (examples,) of each metric that is a mean over examples, or the root of one."""
    errors = np.asarray(predicted, np.float64).reshape(len(targets)) - np.asarray(targets, np.float64)
    return {"rmse": errors**2, "mae": np.abs(errors)}


def _some(predicted: np.ndarray, targets: np.ndarray) -> dict[str, Any]:
    """Return a random part that is the same each time; all where there are few."""
    where = np.arange(len(targets))
    if len(where) > MAX_POINTS:
        where = np.sort(np.random.default_rng(0).choice(where, MAX_POINTS, replace=False))
    return {"true": _plain(targets[where]), "predicted": _plain(predicted[where]), "of": len(targets)}


def _histogram(errors: np.ndarray) -> dict[str, Any]:
    """Return a histogram symmetric about zero, so that a bias is seen at a glance."""
    reach = float(np.abs(errors).max()) or 1.0
    counts, edges = np.histogram(errors, bins=HISTOGRAM_BINS, range=(-reach, reach))
    return {"edges": _plain(edges), "counts": counts.tolist()}


def _plain(values: np.ndarray) -> list[float]:
    """Return values with six significant digits: all that a chart can show."""
    return [float(f"{value:.6g}") for value in values]
