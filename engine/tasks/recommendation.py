"""Recommendation: what somebody will choose next, by what they chose so far."""

from collections.abc import Callable
from typing import Annotated, Any, ClassVar

import numpy as np

from engine.data_info import DataInfo
from engine.evaluation.finite import finite
from engine.evaluation.recommendations import (
    TOP,
    Neighbours,
    best_items,
    evaluate_recommendations,
    parts_of,
    popularity,
    recommendation_scores,
)
from engine.metrics import ITEM_COVERAGE, NDCG_10, RECALL_10, Metric
from engine.modalities.choices import names_of, require_catalogue
from engine.spec import Range
from engine.targets import RaggedArrays, Stored, Targets
from engine.tasks.base import Answering, Call, Prediction, Simple, Task, tasks
from engine.tasks.contents import Contents, Recommended
from engine.tasks.graph import Tensors

_PORTION = 512
_LATEST, _TARGET_ITEMS = 12, 5
_FAR = -1e9


class Recommending(Answering):
    """How many items are recommended."""

    count: Annotated[int, Range(1, 100, log=True)] = TOP
    """Items that are recommended, the best first."""


@tasks.register("recommendation", "Recommendation")
class Recommendation(Task):
    """Tells what somebody will choose next from what they chose so far; what they have already is never recommended.

    Targets are ragged: the numbers of the items that were chosen, one in training, all of the period in other splits; and below
    zero those of the ten best possible recommendations, where the data know them.
    """

    modality: ClassVar[str] = "choices"
    targets: ClassVar[Targets] = RaggedArrays()
    prediction: ClassVar[str] = "recommended"
    contents: ClassVar[type[Contents]] = Recommended
    metrics: ClassVar[tuple[Metric, ...]] = (RECALL_10, NDCG_10, ITEM_COVERAGE)
    objective: ClassVar[str] = "val_recall10"
    baselines: ClassVar[bool] = True
    answering: ClassVar[type[Answering]] = Recommending
    learns_inputs: ClassVar[bool] = False
    suggested: ClassVar[dict[str, Any]] = {
        "epochs": 20,
        "batch_size": 256,
        "patience": 4,
        "learning_rate": 0.003,
        "units": 64,
        "dropout": 0.3,
    }

    # -- training ----------------------------------------------------------------------------------------------------

    def learn(self, inputs: np.ndarray, targets: Any, info: DataInfo) -> dict[str, Any]:
        """Return how many items there are: all else is known."""
        return {"items": len(require_catalogue(info))}

    def raw_lengths(self, model: Any, inputs: np.ndarray) -> "np.ndarray | None":
        """All the same."""
        return None

    def assemble(self, model: Any, info: DataInfo) -> Tensors:
        """Choices (batch, history) -> probabilities (batch, items + 2) of being chosen next; the first and the last are of no item."""
        raw, inputs = self.inputs(info)
        scores = model.recommend(inputs, info)
        return Tensors(raw, inputs, inputs, scores, self.final(scores))

    def final(self, scores: Any) -> Any:
        """Probabilities, together 1."""
        from keras import layers

        return layers.Softmax(dtype="float32", name="probabilities")(scores)

    def batch(self, inputs: Any, targets: Any, info: DataInfo) -> tuple[Any, Any]:
        """Choices; and for the loss them again beside the items that were chosen next: (batch, history + longest) int32."""
        import tensorflow as tf

        return inputs, tf.concat([tf.cast(inputs, tf.int32), tf.maximum(tf.cast(targets, tf.int32), 0)], axis=1)

    def compile_options(self, info: DataInfo) -> dict[str, Any]:
        """Cross-entropy of all items that were not chosen before, the mean over those that were chosen next; and recall of ten."""
        from keras import ops

        history = info.shape[0]

        def left(targets: Any, scores: Any) -> Any:
            """Scores without those of what was chosen before: (batch, items + 2)."""
            had = ops.maximum(ops.cast(targets[:, :history], "int32"), 0)
            rows = ops.broadcast_to(ops.arange(ops.shape(had)[0])[:, None], ops.shape(had))
            where = ops.reshape(ops.stack([rows, had], axis=-1), (-1, 2))
            return ops.scatter_update(scores, where, ops.full_like(where[:, 0], _FAR, dtype=scores.dtype))

        def loss(targets: Any, scores: Any) -> Any:
            chosen = ops.cast(targets[:, history:], "int32")
            there = ops.cast(chosen > 0, "float32")
            told = ops.take_along_axis(ops.log_softmax(left(targets, scores)), chosen, axis=1)
            return -ops.sum(ops.where(chosen > 0, told, 0.0), axis=1) / ops.maximum(ops.sum(there, axis=1), 1.0)

        def recall10(targets: Any, scores: Any) -> Any:
            chosen = ops.cast(targets[:, history:], "int32")
            found = left(targets, scores)[:, :-1]
            _values, items = ops.top_k(found, min(TOP, found.shape[1] - 1))
            hit = ops.any(ops.equal(chosen[:, :, None], items[:, None, :]), axis=2) & (chosen > 0)
            count = ops.sum(ops.cast(chosen > 0, "float32"), axis=1)
            return ops.sum(ops.cast(hit, "float32"), axis=1) / ops.clip(count, 1.0, float(TOP))

        recall10.__name__ = RECALL_10.name
        return {"loss": loss, "metrics": [recall10]}

    # -- answering ---------------------------------------------------------------------------------------------------

    def answer(self, call: Call, inputs: np.ndarray, info: DataInfo, options: Answering) -> Stored:
        """(people, 2 count + history) float32: items, the best first, their probabilities, and what was chosen before."""
        assert isinstance(options, Recommending)
        count = min(options.count, len(require_catalogue(info)))
        rows = [
            _rows(np.asarray(call(part)), part, count)
            for part in (np.asarray(inputs[start : start + _PORTION]) for start in range(0, len(inputs), _PORTION))
        ]
        return np.concatenate(rows) if rows else np.zeros((0, 2 * count + info.shape[0]), np.float32)

    def predictions(self, outputs: Any, info: DataInfo) -> list[Prediction]:
        """Items with their probabilities among those that could be recommended, and what was chosen before."""
        return [self._prediction(np.asarray(row, np.float64), info) for row in outputs]

    def _prediction(self, row: np.ndarray, info: DataInfo) -> Prediction:
        known, count = require_catalogue(info), (len(row) - info.shape[0]) // 2
        items, history = row[:count].astype(np.int64), row[2 * count :].astype(np.int64)
        there = items > 0
        values = {
            "items": [known.name(int(item)) for item in items[there]],
            "probabilities": [float(f"{one:.4g}") for one in row[count : 2 * count][there].tolist()],
            "about": [known.about(int(item)) for item in items[there]],
            "chosen": names_of(history[history > 0][-_LATEST:], info),
            "not_known": int((history < 0).sum()),
        }
        return Prediction(self.prediction, values)

    def watched(self, outputs: Any, inputs: np.ndarray, targets: Any, count: int, info: DataInfo) -> list[Prediction]:
        """Add how many of the items that were chosen next are among the recommended ones."""
        found = []
        for row, prediction in enumerate(self.predictions(outputs[:count], info)):
            chosen, _best = parts_of(np.asarray(targets[row]))
            items = np.asarray(outputs[row])[: len(prediction.values["items"])]
            right = {"hits": int(np.isin(chosen, items).sum()), "chosen_next": len(chosen)}
            found.append(Prediction(self.prediction, prediction.values | right))
        return found

    # -- evaluating --------------------------------------------------------------------------------------------------

    def score(self, call: Call, inputs: np.ndarray, targets: Stored, info: DataInfo) -> Stored:
        """Return ten items for each person, with zeros where there are fewer."""
        found = np.asarray(self.answer(call, inputs, info, self.repeatable()))
        return _widened(finite(found), info.shape[0]).astype(np.float32)

    @classmethod
    def example_scores(cls, outputs: Any, targets: Any) -> dict[str, np.ndarray]:
        """Recall and gain of each person."""
        return recommendation_scores(np.asarray(outputs), targets)

    def evaluate(self, outputs: Any, targets: Any, info: DataInfo) -> dict[str, Any]:
        """Recall, gain and coverage, beside the best possible where that is known; by people, by items; examples."""
        return evaluate_recommendations(np.asarray(outputs), targets, require_catalogue(info))

    def simple(self, inputs: np.ndarray, targets: Any, info: DataInfo) -> dict[str, Simple]:
        """What is chosen most often; and what is chosen by the same people."""
        often = np.array(require_catalogue(info).chosen)
        neighbours = Neighbours(np.asarray(inputs), targets, often)

        def popular(inputs: np.ndarray, targets: Stored) -> Stored:
            return _simple(lambda history: popularity(often, history), inputs)

        def alike(inputs: np.ndarray, targets: Stored) -> Stored:
            return _simple(neighbours, inputs)

        return {"popularity": popular, "item-knn": alike}

    def describe(self, target: Any, info: DataInfo) -> str:
        """The first of the items that were chosen."""
        names = names_of(parts_of(np.asarray(target))[0], info)
        return " · ".join(names[:_TARGET_ITEMS]) + (" …" if len(names) > _TARGET_ITEMS else "")


def _rows(probabilities: np.ndarray, history: np.ndarray, count: int) -> np.ndarray:
    """Probabilities (people, items + 2) -> rows of `answer`: probabilities among the items that are left."""
    items, found = best_items(probabilities[:, :-1], history, count)
    had = np.zeros(probabilities.shape, bool)
    np.put_along_axis(had, np.maximum(history, 0), True, axis=1)
    had[:, [0, -1]] = True
    left = np.where(had, 0.0, probabilities).sum(axis=1, keepdims=True)
    shares = np.where(np.isfinite(found), found, 0.0) / np.maximum(left, 1e-12)
    return np.concatenate([items, shares, history], axis=1).astype(np.float32)


def _simple(method: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]], inputs: np.ndarray) -> np.ndarray:
    """What a simple method finds for earlier choices (people, history) -> rows of `score`.

    Some people at a time: the scores of all items for all people may not fit into memory.
    """
    parts = []
    for start in range(0, max(len(inputs), 1), _PORTION):
        history = np.asarray(inputs[start : start + _PORTION])
        items, scores = method(history)
        rows = np.concatenate([items, np.where(np.isfinite(scores), scores, 0.0), history], axis=1)
        parts.append(_widened(rows, history.shape[1]))
    return np.concatenate(parts).astype(np.float32)


def _widened(rows: np.ndarray, history: int) -> np.ndarray:
    """Rows of fewer than ten items -> rows of ten."""
    count = (rows.shape[1] - history) // 2
    if count >= TOP:
        return rows
    more = np.zeros((len(rows), TOP - count))
    return np.concatenate([rows[:, :count], more, rows[:, count : 2 * count], more, rows[:, 2 * count :]], axis=1)
