"""How alike pictures are: two sets of them by their features, single ones by their pixels."""

import numpy as np

_ROWS = 512


def frechet(one: np.ndarray, other: np.ndarray) -> float:
    """Return the Fréchet distance of two sets of features (examples, features), taken as normal distributions.

    Heusel et al. 2017, https://arxiv.org/abs/1706.08500. NaN where a set has fewer than two examples. It falls with the number of
    examples: compare only what was measured on as many.
    """
    if min(len(one), len(other)) < 2:
        return float("nan")
    a, b = np.cov(one, rowvar=False), np.cov(other, rowvar=False)
    values, vectors = np.linalg.eigh(a)
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    shared = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ b @ root), 0)).sum()
    away = one.mean(axis=0) - other.mean(axis=0)
    return float(max(away @ away + np.trace(a) + np.trace(b) - 2 * shared, 0.0))


def nearest(pictures: np.ndarray, known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return for each of `pictures` (examples, ...) 0..255 the position of the most similar one of `known` (others, ...), and how far
    it is: the root of the mean squared difference of their pixels, from 0 to 1."""
    wanted = np.asarray(pictures, np.float32).reshape(len(pictures), -1) / 255
    best, where = np.full(len(wanted), np.inf), np.zeros(len(wanted), int)
    for start in range(0, len(known), _ROWS):
        some = np.asarray(known[start : start + _ROWS], np.float32).reshape(-1, wanted.shape[1]) / 255
        squares = (wanted**2).sum(axis=1)[:, None] + (some**2).sum(axis=1) - 2 * wanted @ some.T
        found = squares.argmin(axis=1)
        least = squares[np.arange(len(wanted)), found]
        closer = least < best
        best[closer], where[closer] = least[closer], start + found[closer]
    return where, np.sqrt(np.maximum(best, 0) / wanted.shape[1])
