"""Examples whose label is probably wrong: a simple classifier that has not seen them is confident of another class.

Confident learning: C. Northcutt, L. Jiang, I. Chuang, "Confident Learning: Estimating Uncertainty in Dataset Labels",
JAIR 70 (2021), https://arxiv.org/abs/1911.00068, as the package cleanlab does it. How far it can be trusted depends on the
data, so it is tested on the same examples after some labels were changed.
"""

import time
from typing import Any

import numpy as np

from engine.errors import TrainyardError
from engine.inspection.features import classifier_for
from engine.inspection.sample import sample_of
from engine.preparation.prepare import PreparedDataset
from engine.settings import settings

MOST_SHOWN = 200
"""Number of suspects kept with the result, the most suspicious first."""
PLANTED_SHARE = 0.05
"""Share of the labels that are changed for the test."""
_FOLDS, _LEAST = 5, 2
_TEST_SHARE = 0.3  # of the time of a check: a first pass that took longer leaves too little for a second one


def find_mislabels(prepared: PreparedDataset, most: int) -> dict[str, Any]:
    """Return suspects with their class and the class that the classifier predicts, how good that classifier is, and how many
    labels that were changed for a test it finds.

    Raise `TrainyardError` where there are too few examples for cross-validation.
    """
    began = time.monotonic()
    where = sample_of(prepared, most)
    where = where[_frequent(prepared.targets[where])]
    labels, targets = np.unique(prepared.targets[where], return_inverse=True)
    if len(labels) < 2:
        raise TrainyardError("There are too few examples of each class to look for wrong labels.")
    inputs, classifier = classifier_for(prepared, where)
    probabilities = out_of_fold(classifier, inputs, targets)
    issues = _suspicious(targets, probabilities)
    quick = time.monotonic() - began < _TEST_SHARE * settings().inspection_seconds
    said = probabilities.argmax(axis=1)
    return {
        "examined": len(where),
        "of": len(prepared.targets),
        "accuracy": float((said == targets).mean()),
        "count": len(issues),
        "test": planted_test(classifier, inputs, targets) if quick else None,
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


def planted_test(classifier: Any, inputs: Any, targets: np.ndarray) -> dict[str, int]:
    """Change some labels at random; return how many were changed, marked in all, and both.

    What is marked besides may have been wrong before, so the share of changed ones is the least that the marks are worth.
    """
    rng = np.random.default_rng(0)
    num_classes = int(targets.max()) + 1
    changed = rng.choice(len(targets), max(1, round(PLANTED_SHARE * len(targets))), replace=False)
    wrong = targets.copy()
    wrong[changed] = (targets[changed] + rng.integers(1, num_classes, len(changed))) % num_classes
    kept = np.flatnonzero(_frequent(wrong))
    labels, left = np.unique(wrong[kept], return_inverse=True)
    if len(labels) < 2:
        return {"changed": len(changed), "marked": 0, "found": 0}
    marked = kept[_suspicious(left, out_of_fold(classifier, inputs[kept], left))]
    return {"changed": len(changed), "marked": len(marked), "found": int(np.isin(marked, changed).sum())}


def _suspicious(targets: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Return the positions of doubtful examples, the most suspicious first."""
    from cleanlab.filter import find_label_issues

    found: np.ndarray = find_label_issues(targets, probabilities, return_indices_ranked_by="self_confidence", n_jobs=1)
    return found


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
