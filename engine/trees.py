"""Boosted trees as arrays: what is saved of them, and their sum for rows of numbers, in numpy alone.

The arrays are those of scikit-learn's histogram-based gradient boosting, all trees one after the other. A file of them is an npz with a
header in JSON, read without pickle; nothing of scikit-learn is needed to answer.
"""

import json
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np

from engine.errors import TrainyardError

FORMAT = 1
_ABSENT = -40.0  # score of a class without an example in the training split: a probability of 4e-18
_PLACES = 60_000  # pairs of row and tree that are walked at once: they stay in the cache
_NODES = "node_"


@dataclass(frozen=True)
class Trees:
    """Trees in the order in which they were grown: `width` of them in each round, one for each class or one in all."""

    nodes: Mapping[str, np.ndarray]
    """Fields of scikit-learn's nodes, each (nodes,); children are numbered within their tree."""
    ends: np.ndarray
    """(trees,) end of each tree among the nodes."""
    left_codes: np.ndarray
    """(splits, 8) uint32: for each split by categories, the bits of the codes that go left."""
    left_bins: np.ndarray
    """The same for the bins in which training holds the codes."""
    splits: np.ndarray
    """(trees,) end of each tree among the splits by categories."""
    baseline: np.ndarray
    """(width,) float64: the sum before the first tree."""
    classes: tuple[int, ...] = ()
    """Classes that the training split has; empty where numbers are predicted."""
    columns: Mapping[str, Any] = field(default_factory=dict)
    """How an input becomes a row of numbers, as plain JSON: what the model has learned of the training split."""

    @property
    def width(self) -> int:
        """Return the number of trees in a round."""
        return len(self.baseline)

    @property
    def rounds(self) -> int:
        """Return the number of rounds."""
        return len(self.ends) // self.width

    def first(self, rounds: int) -> Self:
        """Return the trees of the first rounds alone."""
        trees = rounds * self.width
        nodes, splits = _end(self.ends, trees), _end(self.splits, trees)
        return type(self)(
            {name: values[:nodes] for name, values in self.nodes.items()},
            self.ends[:trees],
            self.left_codes[:splits],
            self.left_bins[:splits],
            self.splits[:trees],
            self.baseline,
            self.classes,
            self.columns,
        )

    def raw(self, rows: np.ndarray) -> np.ndarray:
        """Rows (examples, columns) float64, NaN for missing -> sum of the trees (examples, width) float64."""
        found = np.tile(self.baseline, (len(rows), 1))
        if not len(self.ends):
            return found
        walk = self._walk
        step = max(1, _PLACES // len(self.ends))
        for start in range(0, len(rows), step):
            some = slice(start, start + step)
            found[some] += walk.values(rows[some]).reshape(-1, self.rounds, self.width).sum(axis=1)
        return found

    @cached_property
    def _walk(self) -> "_Walk":
        return _Walk(self)

    def scores(self, raw: np.ndarray, num_classes: int) -> np.ndarray:
        """Return sums (examples, width) as (examples, outputs): a score for each class, or the number."""
        if not num_classes:
            return raw
        found = np.full((len(raw), num_classes), _ABSENT)
        found[:, list(self.classes)] = 0.0
        if self.width > 1:
            found[:, list(self.classes)] = raw
        elif len(self.classes) > 1:
            found[:, self.classes[1]] = raw[:, 0]
        return found

    def arrays(self) -> dict[str, np.ndarray]:
        """Return everything as arrays by name."""
        header = json.dumps({"format": FORMAT, "classes": list(self.classes), "columns": dict(self.columns)})
        return {
            **{f"{_NODES}{name}": values for name, values in self.nodes.items()},
            **{name: getattr(self, name) for name in _ARRAYS},
            "header": np.frombuffer(header.encode(), np.uint8),
        }

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, np.ndarray]) -> Self:
        """The inverse of `arrays`. Raise `KeyError` or `ValueError` where something is missing or of another version."""
        header: dict[str, Any] = json.loads(np.asarray(arrays["header"]).tobytes())
        if header["format"] != FORMAT:
            raise ValueError(f"format {header['format']} instead of {FORMAT}")
        nodes = {name.removeprefix(_NODES): arrays[name] for name in arrays if name.startswith(_NODES)}
        given = {name: arrays[name] for name in _ARRAYS}
        return cls(nodes, **given, classes=tuple(header["classes"]), columns=header["columns"])


_ARRAYS = ("ends", "left_codes", "left_bins", "splits", "baseline")


def read_trees(path: Path) -> Trees:
    """Read a file of trees. Raise `TrainyardError` where it is damaged."""
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            return Trees.of_arrays({name: file[name] for name in file.files})
    except (OSError, KeyError, ValueError, TypeError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise TrainyardError("The trees in {path!r} cannot be read ({error}).", path=str(path), error=error) from error


class _Walk:
    """Nodes as they are walked: numbered through all trees."""

    def __init__(self, trees: Trees) -> None:
        nodes, ends = trees.nodes, trees.ends
        self._starts = np.concatenate([[0], ends[:-1]]).astype(np.int64)
        first = np.repeat(self._starts, np.diff(ends, prepend=0))
        leaf = nodes["is_leaf"].astype(bool)
        self._left, self._right = first + nodes["left"], first + nodes["right"]
        self._column = np.where(leaf, 0, nodes["feature_idx"])
        self._threshold, self._value = nodes["num_threshold"], nodes["value"]
        self._missing_left = nodes["missing_go_to_left"].astype(bool)
        self._leaf = leaf
        split = nodes["is_categorical"].astype(bool) & ~leaf
        before = np.repeat(np.concatenate([[0], trees.splits[:-1]]), np.diff(ends, prepend=0))
        self._split = np.where(split, before + nodes["bitset_idx"], -1)
        self._codes = trees.left_codes

    def values(self, rows: np.ndarray) -> np.ndarray:
        """(examples, columns) -> value of the leaf in each tree (examples, trees)."""
        trees = len(self._starts)
        ends = np.tile(self._starts, len(rows))
        pairs = np.flatnonzero(~self._leaf[ends])  # of row and tree, that have not come to a leaf
        while len(pairs):
            nodes = ends[pairs]
            cells = rows[pairs // trees, self._column[nodes]]
            left = cells <= self._threshold[nodes]
            if len(self._codes):
                left = np.where(self._split[nodes] >= 0, self._among(cells, self._split[nodes]), left)
            left = np.where(np.isnan(cells), self._missing_left[nodes], left)
            ends[pairs] = nodes = np.where(left, self._left[nodes], self._right[nodes])
            pairs = pairs[~self._leaf[nodes]]
        values: np.ndarray = self._value[ends].reshape(len(rows), trees)
        return values

    def _among(self, cells: np.ndarray, split: np.ndarray) -> np.ndarray:
        """Whether the codes in `cells` are among those that go left at each of the splits."""
        codes = np.nan_to_num(cells).clip(0, 255).astype(np.int64)
        bits = self._codes[np.maximum(split, 0), codes >> 5] >> (codes & 31).astype(np.uint32)
        found: np.ndarray = (bits & 1).astype(bool)
        return found


def _end(ends: np.ndarray, count: int) -> int:
    return int(ends[count - 1]) if count else 0
