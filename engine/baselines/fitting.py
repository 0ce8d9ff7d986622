"""Fit an estimator in portions that can be interrupted."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

ITERATIONS = 100
"""Most iterations of a solver, or trees of a class: more hardly changes the score of a baseline."""
_PORTION = 10  # iterations between two checks of the clock


def fit_in_portions(estimator: Any, features: Any, targets: np.ndarray, more: Callable[[], bool]) -> None:
    """Fit a few iterations at a time, the first in any case, while `more()`, which may also raise to leave.

    An estimator without iterations is fitted at once.
    """
    if not hasattr(estimator, "warm_start"):
        estimator.fit(features, targets)
        return
    solver = isinstance(estimator, LogisticRegression)
    for done in range(_PORTION, ITERATIONS + 1, _PORTION):
        # a solver counts the iterations of one call, boosting those of all calls
        estimator.set_params(warm_start=True, max_iter=_PORTION if solver else done)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # stopping at the bound is intended
            estimator.fit(features, targets)
        converged = solver and np.max(estimator.n_iter_) < _PORTION
        if converged or (done < ITERATIONS and not more()):
            return
