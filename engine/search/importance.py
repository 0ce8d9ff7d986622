"""Importance of hyperparameters: PED-ANOVA (Watanabe and others, 2023, arXiv 2304.10255), as Optuna computes it.

A hyperparameter that only some trials have counts by its effect among them and by how often they are the best (arXiv 2601.20800).

Optuna's implementation is in a package that imports scikit-learn for another method: 3 s and 90 MB in a process that only draws.
A test compares the two.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.spec import Choices, Range
from engine.studies import Domain

LEAST_TRIALS = 8
"""With fewer trials the result would be chance."""
_TOP_SHARE = 0.1
_GRID = 50
_LEAST_USED = 2  # trials with a hyperparameter that not every model has
_LEAST_WIDTH = 0.5 / 1.64  # in grid steps: narrower kernels would fall between two grid points


def importances(
    space: dict[str, Domain],
    kinds: dict[str, type],
    params: Sequence[dict[str, Any]],
    values: Sequence[float],
    *,
    maximize: bool,
) -> dict[str, float]:
    """Return how much each hyperparameter separates the best tenth of the trials from all of them; the shares add up to 1.

    `params` and `values` are those of completed trials. Empty for fewer than `LEAST_TRIALS`.
    """
    if len(values) < LEAST_TRIALS:
        return {}
    losses = np.asarray(values, float) * (-1 if maximize else 1)
    top = losses <= np.sort(losses)[math.ceil(_TOP_SHARE * len(losses)) - 1]
    found = {}
    for name, domain in space.items():
        used = np.array([name in trial for trial in params])
        size, places = _places(domain, kinds[name], [trial[name] for trial in params if name in trial])
        smooth = _choice_density if isinstance(domain, Choices) else _number_density
        if size < 2 or used.sum() < _LEAST_USED or not (top & used).any():
            found[name] = 0.0
            continue
        near, everywhere = smooth(places[top[used]], size), smooth(places, size)
        weight = (top & used).sum() ** 2 / top.sum() ** 2 / used.mean()
        found[name] = float(everywhere @ (near / everywhere - 1) ** 2) * float(np.mean(top)) * float(weight)
    whole = sum(found.values())
    shares = {name: value / whole if whole else 1 / len(found) for name, value in found.items()}
    return dict(sorted(shares.items(), key=lambda item: -item[1]))


def _places(domain: Domain, kind: type, values: list[Any]) -> tuple[int, np.ndarray]:
    """Return the number of grid points of a hyperparameter, and the grid index of each value (trials,)."""
    match domain:
        case Choices(options):
            return len(options), np.array([options.index(value) for value in values])
        case Range(low, high) if low == high:
            return 1, np.zeros(len(values), int)
        case Range(low, high, step, log):
            size = _GRID
            if kind is int and log:
                size = min(size, math.ceil(math.log2(high - low + 1)) + 1)
            elif step or kind is int:
                size = min(size, round((high - low) / (step or 1)) + 1)
            scale = np.log if log else np.asarray
            width = (scale(high) - scale(low)) / (size - 1)
            places = np.ceil((scale(np.asarray(values, float)) - scale(low)) / width - 0.5).astype(int)
            return size, np.clip(places, 0, size - 1)


def _choice_density(places: np.ndarray, size: int) -> np.ndarray:
    """Return the probability of each choice, (choices,), with one additional trial that takes all of them equally."""
    kinds = np.flatnonzero(np.bincount(places, minlength=size))
    share = 1 / (len(kinds) + 1)  # weight of the uniform part in each kernel
    kernels = np.full((len(kinds) + 1, size), share)
    kernels[np.arange(len(kinds)), kinds] += 1
    kernels /= kernels.sum(axis=1, keepdims=True)
    weights = np.append(np.bincount(places, minlength=size)[kinds], 1.0)
    return np.asarray(weights / weights.sum() @ kernels + 1e-12)


def _number_density(places: np.ndarray, size: int) -> np.ndarray:
    """Return the density of each grid point, (size,): normal kernels of Scott's width, and one wide kernel as a prior."""
    counts = np.bincount(places, minlength=size)
    seen = np.flatnonzero(counts)
    weights = counts[seen].astype(float)
    cumulated, total = np.cumsum(weights), weights.sum()
    first = np.searchsorted(cumulated, total // 4, side="left")
    third = min(len(seen) - 1, int(np.searchsorted(cumulated, total * 3 // 4, side="right")))
    mean = seen @ weights / total
    spread = math.sqrt((seen - mean) ** 2 @ weights / max(1.0, total - 1))
    width = max(1.059 * min((seen[third] - seen[first]) / 1.34, spread) * total**-0.2, _LEAST_WIDTH)
    middles = np.append(seen, (size - 1) / 2)
    widths = np.append(np.full(len(seen), width), float(size))
    edges = (np.arange(size + 1) - 0.5 - middles[:, None]) / widths[:, None]
    below = np.vectorize(math.erf)(edges / math.sqrt(2))
    kernels = np.diff(below, axis=1) / (below[:, -1:] - below[:, :1])
    weights = np.append(weights, 1.0)
    return np.asarray(weights / weights.sum() @ kernels + 1e-12)
