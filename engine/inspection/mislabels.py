"""Examples whose label is probably wrong: a simple classifier that has not seen them is confident of another class.

Confident learning: C. Northcutt, L. Jiang, I. Chuang, "Confident Learning: Estimating Uncertainty in Dataset Labels",
JAIR 70 (2021), https://arxiv.org/abs/1911.00068, as the package cleanlab does it.
"""

from typing import Any

import numpy as np

from engine.errors import TrainyardError
from engine.inspection.features import classifier_for
from engine.inspection.sample import sample_of
from engine.preparation.prepare import PreparedDataset

MOST_SHOWN = 200
"""Number of suspects kept with the result, the most suspicious first."""
_FOLDS, _LEAST = 5, 2


def find_mislabels(prepared: PreparedDataset, most: int) -> dict[str, Any]:
    """Return suspects with their class and the class that the classifier predicts, and how good that classifier is.

    Raise `TrainyardError` where there are too few examples for cross-validation.
    """
    from cleanlab.filter import find_label_issues

    where = sample_of(prepared, most)
    where = where[_frequent(prepared.targets[where])]
    labels, targets = np.unique(prepared.targets[where], return_inverse=True)
    if len(labels) < 2:
        raise TrainyardError("There are too few examples of each class to look for wrong labels.")
    inputs, classifier = classifier_for(prepared, where)
    probabilities = out_of_fold(classifier, inputs, targets)
    issues = find_label_issues(targets, probabilities, return_indices_ranked_by="self_confidence", n_jobs=1)
    said = probabilities.argmax(axis=1)
    return {
        "examined": len(where),
        "of": len(prepared.targets),
        "accuracy": float((said == targets).mean()),
        "count": len(issues),
        "suspects": [
            {
                "position": int(where[index]),
                "given": int(labels[targets[index]]),
                "said": int(labels[said[index]]),
                "confidence": float(probabilities[index, targets[index]]),
            }
            for index in issues[:MOST_SHOWN].tolist()
        ],
    }


def _frequent(targets: np.ndarray) -> np.ndarray:
    """Return (examples,) bool: whether their class has enough examples."""
    _, inverse, counts = np.unique(targets, return_inverse=True, return_counts=True)
    frequent: np.ndarray = (counts >= _LEAST)[inverse]
    return frequent


def out_of_fold(classifier: Any, inputs: Any, targets: np.ndarray) -> np.ndarray:
    """Return probabilities (examples, classes) for each example from a classifier that was fitted without it."""
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    folds = min(_FOLDS, int(np.bincount(targets).min()))
    split = StratifiedKFold(folds, shuffle=True, random_state=0)
    found: np.ndarray = cross_val_predict(classifier, inputs, targets, cv=split, method="predict_proba")
    return found
