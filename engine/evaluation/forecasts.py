"""Quality of forecasts: scaled errors, the band, and the simple forecasts that stand beside every network's."""

from typing import Any

import numpy as np

from engine.timeline import Timeline

BANDS = 0.8
"""Share of the true values that a band should contain: it lies between the quantiles 0.1 and 0.9."""
_SHOWN, _MOST_ORIGINS = 6, 400


def seasonal_naive(past: np.ndarray, horizon: int, season: int) -> np.ndarray:
    """Past (examples, window) -> (examples, horizon): the last season again and again; without one the last value."""
    length = season if season <= past.shape[1] else 1
    last = past[:, past.shape[1] - length :]
    return np.tile(last, (1, -(-horizon // length)))[:, :horizon]


def drift(past: np.ndarray, horizon: int) -> np.ndarray:
    """Past (examples, window) -> (examples, horizon): the line through its first and its last value, continued."""
    slope = (past[:, -1:] - past[:, :1]) / max(1, past.shape[1] - 1)
    return np.asarray(past[:, -1:] + slope * np.arange(1, horizon + 1))


def _parts(outputs: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the forecasts (examples, horizon, columns), the truth (examples, horizon) and the scales (examples, 1)."""
    truth, scale = np.asarray(targets[:, :-1], np.float64), np.asarray(targets[:, -1:], np.float64)
    return np.asarray(outputs[:, -truth.shape[1] :], np.float64), truth, scale


def forecast_scores(outputs: np.ndarray, targets: np.ndarray) -> dict[str, np.ndarray]:
    """Outputs (examples, steps, quantiles + 2) and targets (examples, horizon + 1) -> scores (examples,) by metric."""
    told, truth, scale = _parts(outputs, targets)
    quantiles = told.shape[2] - 2
    middle = told[:, :, quantiles // 2]
    size = np.abs(truth) + np.abs(middle)
    error = np.abs(truth - middle)
    found = {
        "mase": (error / scale).mean(axis=1),
        "smape": (2 * error / np.where(size > 0, size, 1.0)).mean(axis=1),
    }
    if quantiles > 1:
        found["coverage"] = ((told[:, :, 0] <= truth) & (truth <= told[:, :, quantiles - 1])).mean(axis=1)
    return found


def evaluate_forecasts(outputs: np.ndarray, targets: np.ndarray, line: Timeline, target: str) -> dict[str, Any]:
    """Return the metrics, errors by step ahead and by origin beside the simple forecasts, and some forecasts to look at."""
    told, truth, scale = _parts(outputs, targets)
    quantiles = told.shape[2] - 2
    scores = forecast_scores(outputs, targets)
    columns = {"network": quantiles // 2, "seasonal": quantiles, "drift": quantiles + 1}
    errors = {name: np.abs(truth - told[:, :, column]) / scale for name, column in columns.items()}
    by_origin = {name: error.mean(axis=1) for name, error in errors.items()}
    found: dict[str, Any] = {
        "metrics": {name: float(values.mean()) for name, values in scores.items()},
        "target": target,
        "timeline": line.to_dict(),
        "origins": len(truth),
        "ahead": {name: _plain(error.mean(axis=0)) for name, error in errors.items()},
        "by_origin": {name: _plain(values[-_MOST_ORIGINS:]) for name, values in by_origin.items()},
        "means": {name: float(values.mean()) for name, values in by_origin.items()},
        "better": float((by_origin["network"] < by_origin["seasonal"]).mean()) if len(truth) else 0.0,
    }
    if quantiles > 1:
        within = (told[:, :, 0] <= truth) & (truth <= told[:, :, quantiles - 1])
        found["covered_ahead"] = _plain(within.mean(axis=0))
    places: list[int] = np.unique(np.linspace(0, len(truth) - 1, _SHOWN).astype(int)).tolist() if len(truth) else []
    found["shown"] = [
        {
            "history": _plain(outputs[i, : -truth.shape[1], 0]),
            "truth": _plain(truth[i]),
            "told": [_plain(column) for column in told[i].T],
        }
        for i in places
    ]
    return found


def _plain(values: np.ndarray) -> list[float]:
    """Return numbers of six digits."""
    return [float(f"{value:.6g}") for value in np.asarray(values, np.float64).tolist()]
