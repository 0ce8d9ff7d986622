"""Trees grown by scikit-learn some rounds at a time, from the start or from trees that were kept; equal either way."""

from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from threadpoolctl import threadpool_limits

from engine.modalities.table.matrix import count_codes
from engine.models.boosted_trees import BoostedTrees
from engine.trees import Trees

_SMALL = 2_000_000
"""Cells of a matrix up to which one thread is as fast as several, which would wait for each other beside other runs."""


class Growing:
    """An estimator of scikit-learn with the examples that it is fitted to."""

    def __init__(
        self,
        model: BoostedTrees,
        matrix: np.ndarray,
        targets: np.ndarray,
        weights: np.ndarray | None,
        *,
        columns: dict[str, Any],
        classes: int,
        seed: int,
    ) -> None:
        """`matrix` (examples, columns) of inputs, made by the `columns` that were learned; `classes`: 0 where targets are numbers."""
        self._matrix, self._targets, self._weights, self._classes = matrix, targets, weights, classes
        self._columns, codes = columns, count_codes(columns)
        made = HistGradientBoostingClassifier if classes else HistGradientBoostingRegressor
        self._estimator = made(**options_of(model, codes), random_state=seed)
        self._threads = 1 if matrix.size <= _SMALL else None

    def grow(self, rounds: int) -> None:
        """Grow until there are so many rounds."""
        self._estimator.set_params(max_iter=rounds, warm_start=True)
        with threadpool_limits(limits=self._threads):
            self._estimator.fit(self._matrix, self._targets, sample_weight=self._weights)

    def raw(self, matrix: np.ndarray) -> np.ndarray:
        """Return what the trees say of rows (examples, width): compiled, and equal to `Trees.raw`."""
        asked = self._estimator.decision_function if self._classes else self._estimator.predict
        with threadpool_limits(limits=self._threads):
            return np.asarray(asked(matrix), np.float64).reshape(len(matrix), -1)

    @property
    def trees(self) -> Trees:
        """Return the trees so far as arrays."""
        flat = [tree for one in self._estimator._predictors for tree in one]
        nodes = np.concatenate([tree.nodes for tree in flat])
        return Trees(
            {str(name): np.ascontiguousarray(nodes[name]) for name in nodes.dtype.names or ()},
            np.cumsum([len(tree.nodes) for tree in flat]),
            np.concatenate([tree.raw_left_cat_bitsets for tree in flat]),
            np.concatenate([tree.binned_left_cat_bitsets for tree in flat]),
            np.cumsum([len(tree.raw_left_cat_bitsets) for tree in flat]),
            np.asarray(self._estimator._baseline_prediction, np.float64).ravel(),
            tuple(int(k) for k in self._estimator.classes_) if self._classes else (),
            self._columns,
        )

    @property
    def drawing(self) -> dict[str, Any]:
        """Return the state of the generator that draws columns, as plain JSON."""
        found: dict[str, Any] = self._estimator._feature_subsample_rng.bit_generator.state
        return found

    def go_on(self, trees: Trees, drawing: dict[str, Any]) -> None:
        """Continue behind trees that were kept. One round is grown and thrown away: with it the estimator learns the bins."""
        self.grow(1)
        like = self._estimator._predictors[0][0]
        made, ends, splits = [], [0, *trees.ends.tolist()], [0, *trees.splits.tolist()]
        for tree in range(len(trees.ends)):
            nodes = np.zeros(ends[tree + 1] - ends[tree], like.nodes.dtype)
            for name, values in trees.nodes.items():
                nodes[name] = values[ends[tree] : ends[tree + 1]]
            of_tree = slice(splits[tree], splits[tree + 1])
            bits = (np.ascontiguousarray(part[of_tree]) for part in (trees.left_bins, trees.left_codes))
            made.append(type(like)(nodes, *bits))
        width = trees.width
        self._estimator._predictors = [made[start : start + width] for start in range(0, len(made), width)]
        self._estimator._feature_subsample_rng.bit_generator.state = drawing


def options_of(model: BoostedTrees, codes: int) -> dict[str, Any]:
    """Return the arguments of scikit-learn's estimator."""
    return {
        "learning_rate": model.shrinkage,
        "max_leaf_nodes": model.leaves,
        "min_samples_leaf": model.leaf_examples,
        "l2_regularization": model.leaf_penalty,
        "max_features": model.columns_tried,
        "categorical_features": list(range(codes)) or None,
        "early_stopping": False,
    }
