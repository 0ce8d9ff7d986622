"""Smoothing of curves."""

import numpy as np
import pandas as pd


def smoothed(values: np.ndarray, weight: float) -> np.ndarray:
    """Return the exponential moving average of `values` (points,), corrected for the pull of the first one; gaps stay gaps."""
    if not weight:
        return values
    average = pd.Series(values).ewm(alpha=1.0 - weight, ignore_na=True).mean().to_numpy()
    return np.where(np.isnan(values), np.nan, average)
