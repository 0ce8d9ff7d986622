"""What baselines are made of, and how one is fitted in portions that can be interrupted."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

ITERATIONS = 100
"""Most iterations of a solver, or trees of a class: more hardly moves the score of a baseline."""
_PORTION = 10  # iterations between two looks at the clock


@dataclass(frozen=True)
class Family:
    """Features that are learned from the training split, and estimators that compete on them."""

    name: str
    features: Any
    """A scikit-learn transformer: what `Recipe.extract` returns -> (examples, features)."""
    estimators: tuple[Any, ...]
    """Unfitted scikit-learn estimators, the best guess first."""


@dataclass(frozen=True)
class Recipe:
    """All that is tried for one modality; the validation split chooses."""

    extract: Callable[[np.ndarray], np.ndarray]
    """Inputs (examples, ...) as the dataset has them -> what families take; learns nothing, is called on parts."""
    families: tuple[Family, ...]


def unchanged(inputs: np.ndarray) -> np.ndarray:
    """For inputs of which nothing is to be extracted."""
    return inputs


def fit_in_portions(estimator: Any, features: Any, targets: np.ndarray, more: Callable[[], bool]) -> None:
    """Fit a few iterations at a time, the first in any case, while `more()`, which may also raise to leave.

    What has no iterations is fitted at once.
    """
    if not hasattr(estimator, "warm_start"):
        estimator.fit(features, targets)
        return
    solver = isinstance(estimator, LogisticRegression)
    for done in range(_PORTION, ITERATIONS + 1, _PORTION):
        # a solver counts the iterations of one call, boosting those of all calls
        estimator.set_params(warm_start=True, max_iter=_PORTION if solver else done)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # the bound is meant
            estimator.fit(features, targets)
        converged = solver and np.max(estimator.n_iter_) < _PORTION
        if converged or (done < ITERATIONS and not more()):
            return


def logistic_regressions(*strengths: float) -> tuple[Any, ...]:
    """One for each inverse strength of the penalty."""
    return tuple(LogisticRegression(C=strength) for strength in strengths)
