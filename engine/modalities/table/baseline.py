"""Tables: a linear model on one-hot categories and scaled numbers, or gradient-boosted trees."""

from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, OrdinalEncoder, StandardScaler

from engine.dates import parts_of
from engine.modalities.recipe import Family, Recipe, logistic_regressions, ridge_regressions, unchanged

_MAX_CATEGORIES = 100
"""Most values of a category that get a column of their own; the rarest of more share one."""
_STRENGTHS = (1.0, 0.1, 10.0)


def recipe(sample: np.ndarray, num_classes: int) -> Recipe:
    """Return the linear model first, then trees."""
    columns = list(as_frame(sample).columns)
    numbers = [name for name in columns if name.startswith("n")]
    categories = [name for name in columns if name.startswith("c")]
    # trees treat the numbers of categories as names, not as amounts
    options: dict[str, Any] = {
        "early_stopping": False,
        "random_state": 0,
        "categorical_features": [len(numbers) + i for i in range(len(categories))],
    }
    if num_classes:
        linear = Family("logistic-regression", _linear(numbers, categories), logistic_regressions(*_STRENGTHS))
        trees = HistGradientBoostingClassifier(**options)
    else:
        linear = Family("ridge-regression", _linear(numbers, categories), ridge_regressions(*_STRENGTHS))
        trees = HistGradientBoostingRegressor(**options)
    return Recipe(unchanged, (linear, Family("gradient-boosting", _ordinal(numbers, categories), (trees,))))


def as_frame(rows: np.ndarray) -> pd.DataFrame:
    """(examples,) with fields `numbers` (k,), `dates` (d,), `categories` (m,) -> a frame with columns n0 ... and c0 ...

    A date is numbers, too: its year, month, day, weekday, hour and the days that have passed.
    """
    columns = {
        f"{field[0]}{i}": rows[field][:, i]
        for field in ("numbers", "categories")
        if field in (rows.dtype.names or ())
        for i in range(rows[field].shape[1])
    }
    if "dates" in (rows.dtype.names or ()):
        for i in range(rows["dates"].shape[1]):
            columns |= {f"n_{name}{i}": values for name, values in parts_of(rows["dates"][:, i]).items()}
    return pd.DataFrame(columns)


class _EmptyAsZero(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Turns a column without any value in training into zeros: trees find no thresholds in it."""

    def fit(self, numbers: Any, targets: Any = None) -> "_EmptyAsZero":
        """`numbers` (examples, columns), NaN where missing."""
        self.empty_ = np.isnan(np.asarray(numbers)).all(axis=0)
        return self

    def transform(self, numbers: Any) -> np.ndarray:
        """Keep all other columns as they are, NaN included."""
        return np.where(self.empty_, 0.0, np.asarray(numbers))


def _linear(numbers: list[str], categories: list[str]) -> Any:
    """Replace missing numbers by the median, with a column that marks them; one-hot encode categories."""
    imputer = SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)
    one_hot = OneHotEncoder(
        handle_unknown="infrequent_if_exist", max_categories=_MAX_CATEGORIES, sparse_output=False, dtype=np.float32
    )
    return _columns(numbers, make_pipeline(imputer, StandardScaler()), categories, one_hot)


def _ordinal(numbers: list[str], categories: list[str]) -> Any:
    """Keep missing numbers missing; number categories 0, 1, 2 ..., and treat one not seen in training as missing."""
    encoder = OrdinalEncoder(
        handle_unknown="use_encoded_value", unknown_value=np.nan, max_categories=_MAX_CATEGORIES, dtype=np.float32
    )
    return _columns(numbers, _EmptyAsZero(), categories, encoder)


def _columns(numbers: list[str], number: Any, categories: list[str], category: Any) -> Any:
    parts = [(numbers, "numbers", number), (categories, "categories", category)]
    given = [(name, transformer, columns) for columns, name, transformer in parts if columns]
    return make_pipeline(FunctionTransformer(as_frame), ColumnTransformer(given, sparse_threshold=0.0))
