"""Texts: logistic regression on TF-IDF of words or of characters; the latter also handles scripts without spaces."""

from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

from engine.modalities.recipe import Family, Recipe, logistic_regressions, unchanged

_MAX_TERMS = 50_000
_MAX_WEIGHTS = 1_000_000  # terms times classes: bounds the memory of the solver
_WORD = r"(?u)\b\w+\b"  # also words of one letter
_STRENGTHS = (10.0, 1.0, 100.0)


def recipe(sample: np.ndarray, num_classes: int) -> Recipe:
    """Return words (one and two in a row) and characters (one to three, within words)."""
    most = max(1_000, min(_MAX_TERMS, _MAX_WEIGHTS // max(num_classes, 1)))

    def terms(**options: Any) -> Any:
        return TfidfVectorizer(max_features=most, sublinear_tf=True, dtype=np.float32, **options)

    words = terms(ngram_range=(1, 2), token_pattern=_WORD)
    characters = terms(ngram_range=(1, 3), analyzer="char_wb")
    return Recipe(
        unchanged,
        (
            Family("logistic-regression-words", words, logistic_regressions(*_STRENGTHS)),
            Family("logistic-regression-characters", characters, logistic_regressions(*_STRENGTHS)),
        ),
    )
