"""Building blocks of classical methods for a modality. scikit-learn is imported when one is asked for."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Family:
    """Features learned from the training split, and estimators that compete on them."""

    name: str
    features: Any
    """A scikit-learn transformer: what `Recipe.extract` returns -> (examples, features)."""
    estimators: tuple[Any, ...]
    """Unfitted scikit-learn estimators, the most promising first."""


@dataclass(frozen=True)
class Recipe:
    """Everything that is tried for one modality; the validation split chooses."""

    extract: Callable[[np.ndarray], np.ndarray]
    """Dataset inputs (examples, ...) -> the input of families; learns nothing, is called on parts."""
    families: tuple[Family, ...]


def unchanged(inputs: np.ndarray) -> np.ndarray:
    """Return inputs as they are: nothing is to be extracted."""
    return inputs


def logistic_regressions(*strengths: float) -> tuple[Any, ...]:
    """Return one for each inverse strength of the penalty."""
    from sklearn.linear_model import LogisticRegression

    return tuple(LogisticRegression(C=strength) for strength in strengths)


def ridge_regressions(*strengths: float) -> tuple[Any, ...]:
    """The same for targets that are numbers."""
    from sklearn.linear_model import Ridge

    return tuple(Ridge(alpha=1 / strength) for strength in strengths)


def flat_recipe(num_classes: int) -> Recipe:
    """Standardised numbers, whatever their order, and a linear model; no classes: a regression."""
    from sklearn.preprocessing import StandardScaler

    name, make = (
        ("logistic-regression", logistic_regressions) if num_classes else ("ridge-regression", ridge_regressions)
    )
    return Recipe(_flat, (Family(name, StandardScaler(), make(1.0, 0.1, 10.0)),))


def _flat(inputs: np.ndarray) -> np.ndarray:
    """(examples, ...) -> (examples, numbers) float32."""
    return np.asarray(inputs, np.float32).reshape(len(inputs), -1)
