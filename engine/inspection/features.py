"""A simple classifier and its features for any example: what it finds hard is worth a look."""

from typing import Any

import numpy as np

from engine.preparation.prepare import PreparedDataset

_ITERATIONS = 300
_AT_ONCE = 256


def classifier_for(prepared: PreparedDataset, where: np.ndarray) -> tuple[Any, Any]:
    """Return inputs (examples, ...) of the examples at `where`, and an unfitted logistic regression for them."""
    from sklearn.pipeline import make_pipeline

    recipe = prepared.modality.doubter(np.asarray(prepared.inputs[where[:1]]), prepared.info.num_classes)
    family = recipe.families[0]
    estimator = family.estimators[0].set_params(max_iter=_ITERATIONS)
    return _in_parts(prepared, where, recipe.extract), make_pipeline(family.features, estimator)


def _in_parts(prepared: PreparedDataset, where: np.ndarray, extract: Any) -> np.ndarray:
    """Extract in parts, so that memory holds the features, and not all inputs beside them."""
    parts = [where[start : start + _AT_ONCE] for start in range(0, len(where), _AT_ONCE)]
    return np.concatenate([extract(np.asarray(prepared.inputs[part])) for part in parts])
