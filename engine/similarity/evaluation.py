"""Everything that the evaluation of a split says about embeddings: figures, distances, the worst pairs and a map."""

from typing import Any

import numpy as np

from engine.evaluation.finite import finite
from engine.similarity.distances import (
    FALSE_ACCEPTS,
    Calibration,
    Compared,
    accepted,
    accepted_between,
    apart,
    area,
    chosen,
    of_pairs,
    ranks,
)
from engine.similarity.pairs import IDENTITY

_BINS, _WORST, _MAPPED = 40, 12, 300


def evaluate_pairs(
    first: np.ndarray, second: np.ndarray, targets: np.ndarray, calibration: Calibration | None
) -> dict[str, Any]:
    """Return plain JSON about the embeddings (pairs, width) of both pictures of each pair."""
    first, second = finite(first), finite(second)
    compared, places = Compared.of(first, second, targets), ranks(first, second, targets)
    metrics = {
        "retrieval1": float(np.mean(places == 0)),
        "retrieval5": float(np.mean(places < 5)),
        "pair_auc": area(compared),
        "tar": accepted(compared.same, compared.different, FALSE_ACCEPTS),
    }
    between = accepted_between(first, second, targets, FALSE_ACCEPTS)
    return {
        "metrics": metrics,
        "tar_between": list(between) if between else [],
        "pairs": {"same": len(compared.same), "different": len(compared.different)},
        "identities": len(np.unique(targets[:, IDENTITY])),
        "distances": _histograms(compared),
        "calibrated": _calibrated(compared, calibration),
        "far": _farthest(first, second),
        "near": _nearest(first, second, targets),
        "map": _map(first, second, targets, places),
    }


def _histograms(compared: Compared) -> dict[str, Any]:
    """Shares of both kinds of pairs in bins of distance."""
    both = np.concatenate([compared.same, compared.different])
    edges = np.linspace(0, float(both.max(initial=0)) or 1.0, _BINS + 1)
    found = {"edges": edges.round(5).tolist()}
    for name, values in (("same", compared.same), ("different", compared.different)):
        found[name] = (np.histogram(values, edges)[0] / max(len(values), 1)).round(6).tolist()
    return found


def _calibrated(compared: Compared, calibration: Calibration | None) -> dict[str, Any]:
    """What the threshold from the validation split does on these pairs; nothing where there is none."""
    if calibration is None:
        return {}
    threshold = calibration.threshold(FALSE_ACCEPTS)
    return {
        "threshold": threshold,
        "false_accepts": FALSE_ACCEPTS,
        "from_same": calibration.same,
        "from_different": calibration.different,
        "accepted": float(np.mean(compared.same < threshold)) if len(compared.same) else None,
        "falsely": float(np.mean(compared.different < threshold)) if len(compared.different) else None,
    }


def _farthest(first: np.ndarray, second: np.ndarray) -> list[list[float]]:
    """Rows whose pictures are farthest from each other, with their distance."""
    far = of_pairs(first, second)
    return [[int(row), round(float(far[row]), 4)] for row in np.argsort(-far, kind="stable")[:_WORST]]


def _nearest(first: np.ndarray, second: np.ndarray, targets: np.ndarray) -> list[list[float]]:
    """Rows of a first and of a second picture that show different things and are nearest, each first picture once."""
    some = chosen(len(first))
    far = apart(first[some], second[some])
    far[targets[some, IDENTITY][:, None] == targets[some, IDENTITY]] = np.inf
    columns = far.argmin(axis=1)
    least = far[np.arange(len(some)), columns]
    order = [row for row in np.argsort(least, kind="stable")[:_WORST] if np.isfinite(least[row])]
    return [[int(some[row]), int(some[columns[row]]), round(float(least[row]), 4)] for row in order]


def _map(first: np.ndarray, second: np.ndarray, targets: np.ndarray, places: np.ndarray) -> dict[str, Any]:
    """Both pictures of some pairs along the two principal components of all."""
    from sklearn.decomposition import PCA

    together = np.concatenate([first, second])
    if len(together) < 3 or together.shape[1] < 2 or not np.ptp(together, axis=0).any():
        return {}
    some = np.arange(min(len(first), _MAPPED))
    fitted = PCA(2, random_state=0).fit(together)
    return {
        "rows": some.tolist(),
        "first": fitted.transform(first[some]).round(4).tolist(),
        "second": fitted.transform(second[some]).round(4).tolist(),
        "identities": targets[some, IDENTITY].tolist(),
        "found": (places[some] == 0).tolist(),
        "shares": fitted.explained_variance_ratio_.round(4).tolist(),
    }
