"""Problems with single columns of a table: gaps, constants, and columns that give the target away."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.inspection.sample import sample_of
from engine.preparation.prepare import PreparedDataset

GAPS = 0.4
"""Share of missing cells from which a column is reported."""
CONSTANT = 0.99
"""Share of rows with the same cell from which a column says next to nothing."""
TELLTALE = 0.98
"""Share of the guessing error that one column alone removes, from which it is suspected of containing the target."""
LEAST_OF_CLASS = 10
"""Examples of a class from which a column can be suspected of giving it away: of fewer it may be by chance."""
_FOLDS, _LEAVES, _LEAST_IN_LEAF = 3, 64, 3


def inspect_all(prepared: PreparedDataset, most: int) -> dict[str, Any]:
    """Return for each column its share of gaps, of the most frequent cell, and how well it alone predicts the target.

    `alone` is the share of the error of always guessing the same that a small decision tree on this one column removes
    in cross-validation: 0 says nothing, 1 determines the target. With three classes or more, `class` is the one that
    the column separates best from all others, and `of_class` the same share for that class alone.
    """
    where = sample_of(prepared, most)
    rows, targets = prepared.inputs[where], prepared.targets[where]
    found = []
    for name, values, missing in prepared.modality.columns(rows, prepared.info):
        _, counts = np.unique(values[~missing], return_counts=True)
        largest = int(counts.max(initial=0))
        found.append(
            {
                "column": name,
                "missing": float(missing.mean()),
                "constant": max(largest, int(missing.sum())) / max(len(values), 1),
                **_told(values, targets, prepared.info.labels if prepared.codec.classes else ()),
            }
        )
    return {"examined": len(where), "of": len(prepared.targets), "columns": found}


def _told(values: np.ndarray, targets: np.ndarray, labels: Sequence[str]) -> dict[str, Any]:
    """Return `alone`, and of three classes or more `class` and `of_class`; see `inspect_all`."""
    predicted = _predicted(values, targets, classes=bool(labels))
    found: dict[str, Any] = {"alone": _removed(predicted, targets, classes=bool(labels))}
    if len(labels) < 3:
        return found
    counts = np.bincount(targets, minlength=len(labels))
    shares = {
        label: _removed(predicted == k, targets == k, classes=True)
        for k, label in enumerate(labels)
        if counts[k] >= LEAST_OF_CLASS
    }
    best = max(shares, key=shares.__getitem__, default="")
    return found | ({"class": best, "of_class": shares[best]} if best else {})


def alone(values: np.ndarray, targets: np.ndarray, *, classes: bool) -> float:
    """Return how much of the guessing error one column removes, from 0 to 1; see `inspect_all`."""
    return _removed(_predicted(values, targets, classes=classes), targets, classes=classes)


def _predicted(values: np.ndarray, targets: np.ndarray, *, classes: bool) -> np.ndarray:
    """Predict each target from the column alone, by a tree that was grown on other examples; of very few, guess."""
    from sklearn.model_selection import KFold, cross_val_predict
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    if len(targets) < 2 * _FOLDS:
        return np.full(len(targets), targets[0] if classes else targets.mean())
    options = {"max_leaf_nodes": _LEAVES, "min_samples_leaf": _LEAST_IN_LEAF, "random_state": 0}
    tree = DecisionTreeClassifier(**options) if classes else DecisionTreeRegressor(**options)
    folds = KFold(_FOLDS, shuffle=True, random_state=0)
    return np.asarray(cross_val_predict(tree, values.reshape(-1, 1), targets, cv=folds))


def _removed(predicted: np.ndarray, targets: np.ndarray, *, classes: bool) -> float:
    """Return the share of the error of always guessing the same that the predictions do not make."""
    if classes:
        error = float((predicted != targets).mean())
        guessing = 1 - float(np.unique(targets, return_counts=True)[1].max()) / len(targets)
    else:
        error, guessing = float(((predicted - targets) ** 2).mean()), float(targets.var())
    return max(0.0, 1 - error / guessing) if guessing > 0 else 0.0
