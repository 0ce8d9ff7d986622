"""Groups of rows in an imported table, and the splits that its own column names."""

import numpy as np

from engine.errors import TrainyardError
from engine.imports.sets import OwnSet

SPLIT_WORDS = {
    **dict.fromkeys(("train", "training", "fit", "训练", "训练集"), 0),
    **dict.fromkeys(("validation", "valid", "val", "dev", "验证", "验证集"), 1),
    **dict.fromkeys(("test", "testing", "eval", "holdout", "测试", "测试集"), 2),
}
"""Words of a split column, in any case: 0 train, 1 validation, 2 test."""


def read_splits(name: str, words: np.ndarray) -> np.ndarray:
    """(rows,) words of the column `name` -> (rows,) int8: 0 train, 1 validation, 2 test.

    Raises `TrainyardError` for other words.
    """
    lower = [word.lower() for word in words.tolist()]
    unknown = sorted(set(lower) - SPLIT_WORDS.keys())
    if unknown:
        raise TrainyardError(
            "The split column {column!r} has the value {unknown!r}. Allowed are train, validation and test.",
            column=name,
            unknown=unknown[0],
        )
    return np.array([SPLIT_WORDS[word] for word in lower], np.int8)


def read_groups(words: np.ndarray) -> np.ndarray:
    """(rows,) words -> (rows,) int64 codes; a row without a word is a group of its own."""
    names, codes = np.unique(words.astype(str), return_inverse=True)
    codes = codes.astype(np.int64)
    lonely = words == ""
    codes[lonely] = len(names) + np.arange(lonely.sum())
    return codes


def joined_groups(first: np.ndarray, second: np.ndarray | None) -> np.ndarray:
    """(examples,) int64: examples that share a name in either are in one group, also through others."""
    codes = np.unique(first, return_inverse=True)[1]
    if second is None:
        return codes
    others = np.unique(second, return_inverse=True)[1] + codes.max() + 1
    parent = list(range(int(others.max()) + 1))

    def root(node: int) -> int:
        while parent[node] != node:
            parent[node] = node = parent[parent[node]]
        return node

    for one, other in zip(codes.tolist(), others.tolist(), strict=True):
        parent[root(other)] = root(one)
    return np.array([root(code) for code in codes.tolist()], np.int64)


def fixed_splits(
    split: np.ndarray | None, groups: np.ndarray, own: OwnSet, targets: np.ndarray
) -> tuple[np.ndarray | None, np.ndarray | None]:
    """`validation` and `test` of `Examples`, where the set has a split column that names them.

    Rows of one group go where the first of them goes: what is tested must not be learned from.
    """
    if split is None:
        return None, None
    first = np.unique(groups, return_index=True, return_inverse=True)
    own_split = split[first[1]][first[2]]
    validation, test = (own_split == code if (own_split == code).any() else None for code in (1, 2))
    if not (own_split == 0).any():
        raise TrainyardError("The split column of {reference!r} leaves nothing to train on.", reference=own.reference)
    if own.labels and (absent := sorted(set(range(len(own.labels))) - set(targets[own_split == 0].tolist()))):
        raise TrainyardError(
            "The split column of {reference!r} leaves no example of {labels!r} to train on.",
            reference=own.reference,
            labels=own.labels[absent[0]],
        )
    return validation, test
