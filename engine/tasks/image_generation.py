"""Image generation: pictures of a class."""

import base64
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from engine.data_info import DataInfo
from engine.metrics import DIVERGENCE, FRECHET, PICTURE_LOSS, RECOGNISED, RECONSTRUCTION, Metric
from engine.modalities.image.looks import png
from engine.pictures.flow import NONE
from engine.pictures.judge import FEATURES, Judge
from engine.pictures.likeness import frechet, nearest
from engine.targets import Arrays, Stored, Targets
from engine.tasks.base import Answering, Call, Prediction, Simple, Task, tasks
from engine.tasks.contents import Contents, Drawn
from engine.tasks.drawing import Drawing, in_bytes, way_of
from engine.tasks.graph import Tensors

MADE = 256
"""Pictures that are made of each split to be judged."""
_SHAPE = (28, 28, 1)
_SHOWN_CLASSES, _SHOWN = 10, 6
_LOSS, _JUDGED, _RIGHT, _TRUE_RIGHT, _FEATURES = range(5)  # columns of the scores
_PARTS_FROM = _FEATURES + 2 * FEATURES


@tasks.register("image-generation", "Image generation")
class ImageGeneration(Task):
    """Makes new pictures of a class, like those of the dataset."""

    modality: ClassVar[str] = "named-class"
    targets: ClassVar[Targets] = Arrays()
    prediction: ClassVar[str] = "drawn"
    contents: ClassVar[type[Contents]] = Drawn
    metrics: ClassVar[tuple[Metric, ...]] = (FRECHET, RECOGNISED, PICTURE_LOSS, RECONSTRUCTION, DIVERGENCE)
    baselines: ClassVar[bool] = True
    answering: ClassVar[type[Answering]] = Drawing
    encodes: ClassVar[bool] = True
    illustrations: ClassVar[int] = 10

    # -- classes as numbers ------------------------------------------------------------------------------------------

    def learn(self, inputs: np.ndarray, targets: Any, info: DataInfo) -> dict[str, Any]:
        """Return who judges pictures: one judge for each training split, whatever is trained on it."""
        classes = self._numbers(inputs, info)[:, 0] - 1
        return {"judge": Judge.learn(np.asarray(targets), classes, info.num_classes).to_list()}

    def _judge(self, info: DataInfo) -> Judge:
        return Judge.from_list(info.learned["targets"]["judge"])

    def _numbers(self, inputs: np.ndarray, info: DataInfo) -> np.ndarray:
        """Rows (examples,) -> (examples, 1) int32: 0 for no class, or one that is not known."""
        known = {label: number for number, label in enumerate(info.labels, NONE + 1)}
        return np.array([[known.get(str(name), NONE)] for (name,) in inputs["categories"].tolist()], np.int32).reshape(
            -1, 1
        )

    def encode(self, inputs: np.ndarray, targets: Any, info: DataInfo) -> tuple[np.ndarray, Any]:
        """Rows -> numbers; pictures as they are."""
        return self._numbers(inputs, info), targets

    def raw_lengths(self, model: Any, inputs: np.ndarray) -> "np.ndarray | None":
        """All the same."""
        return None

    # -- training ----------------------------------------------------------------------------------------------------

    def assemble(self, model: Any, info: DataInfo) -> Tensors:
        """The graph is the model's."""
        found: Tensors = model.draws(info.num_classes + 1, info.target_shape or _SHAPE)
        return found

    def fitted(self, model: Any) -> Any:
        """The model: each kind has a loss of its own."""
        return model

    def compile_options(self, info: DataInfo) -> dict[str, Any]:
        """The model has its loss."""
        return {}

    # -- answering ---------------------------------------------------------------------------------------------------

    @classmethod
    def repeatable(cls) -> Answering:
        """One picture, the same each time."""
        return Drawing(count=1, steps=8)

    def answer(self, call: Call, inputs: np.ndarray, info: DataInfo, options: Answering) -> Stored:
        """(examples, 1 + moments, pictures, height, width, channels) uint8, the last moment whole. The first one begins with the number of
        the class, in two bytes, the columns of a map, and whether the way is one between two seeds."""
        assert isinstance(options, Drawing)
        numbers, shape = self._numbers(inputs, info)[:, 0], info.target_shape or _SHAPE
        made, columns = way_of(info).answer(call, numbers, options, shape)
        moments = [in_bytes(one) for one in made]
        head = np.zeros_like(moments[0]).reshape(len(numbers), -1)
        head[:, 0], head[:, 1] = numbers // 256, numbers % 256
        head[:, 2], head[:, 3] = columns, options.view == "interpolation"
        return np.stack([head.reshape(moments[0].shape), *moments], axis=1)

    def predictions(self, outputs: Any, info: DataInfo) -> list[Prediction]:
        """Pictures, what the judge sees in them, and their way."""
        judge, labels = self._judge(info), info.labels
        found = []
        for row in outputs:
            high, low, columns, between = (int(row[0].flat[place]) for place in range(4))
            number = high * 256 + low
            last = row[-1]
            seen = judge.classes(judge.features(last)).tolist()
            values = {
                "label": labels[number - 1] if number != NONE else "",
                "pictures": _pngs(last),
                "seen_as": [labels[one] for one in seen],
                "way": _pngs([np.concatenate(list(moment), axis=1) for moment in row[1:]]) if len(row) > 2 else [],
                "between": bool(between) and len(row) > 2,
                "columns": columns,
            }
            found.append(Prediction(self.prediction, values))
        return found

    def truth(self, inputs: np.ndarray, targets: Stored) -> Stored:
        """Return nothing: the scores know it."""
        return np.zeros((len(inputs), 0), np.float32)

    # -- evaluating --------------------------------------------------------------------------------------------------

    def score(self, call: Call, inputs: np.ndarray, targets: Any, info: DataInfo) -> np.ndarray:
        """(examples, 4 + 2 FEATURES): the loss of each picture, whether one of its class was made, whether the judge sees the class in
        this and in the true one, and its features of both. Pictures are made for some examples only. Then the parts of the loss."""
        numbers, shape = self._numbers(inputs, info)[:, 0], info.target_shape or _SHAPE
        some = np.sort(np.random.default_rng(0).permutation(len(numbers))[:MADE])
        way = way_of(info)
        made = way.make(call, numbers[some], np.random.default_rng(1), shape)
        found = self._judged(in_bytes(made), some, numbers, targets, info)
        losses = way.losses(call, numbers, _from_bytes(targets))
        found[:, _LOSS] = losses[:, 0]
        return np.concatenate([found, losses[:, 1:]], axis=1, dtype=np.float32)

    def _judged(
        self, made: np.ndarray, some: np.ndarray, numbers: np.ndarray, targets: Any, info: DataInfo
    ) -> np.ndarray:
        """The scores without losses: `made` (some, ...) uint8 are for the examples at `some`."""
        judge, found = self._judge(info), np.zeros((len(numbers), _FEATURES + 2 * FEATURES), np.float32)
        features, true = judge.features(made), judge.features(np.asarray(targets))
        found[some, _JUDGED] = 1
        found[some, _RIGHT] = judge.classes(features) == numbers[some] - 1
        found[some, _FEATURES : _FEATURES + FEATURES] = features
        found[:, _TRUE_RIGHT] = judge.classes(true) == numbers - 1
        found[:, _FEATURES + FEATURES :] = true
        return found

    @classmethod
    def example_scores(cls, outputs: Any, targets: Any) -> dict[str, np.ndarray]:
        """The loss of each picture."""
        return {"picture_loss": np.asarray(outputs, np.float64)[:, _LOSS]}

    def evaluate(self, outputs: Any, targets: Any, info: DataInfo) -> dict[str, Any]:
        """How many of the made pictures are recognised, how far they are from true ones, and what the judge is worth."""
        found = np.asarray(outputs, np.float64)
        made = found[found[:, _JUDGED] == 1]
        true, half = found[:, _FEATURES + FEATURES : _PARTS_FROM], len(found) // 2
        mixed = np.random.default_rng(4).permutation(true)  # a source may have one class after the other
        away = frechet(made[:, _FEATURES : _FEATURES + FEATURES], true)
        metrics = {"frechet": away, "recognised": float(made[:, _RIGHT].mean())}
        if not np.isnan(found[:, _LOSS]).any():
            metrics["picture_loss"] = float(found[:, _LOSS].mean())
        metrics |= {
            name: float(part.mean()) for name, part in zip(way_of(info).parts, found[:, _PARTS_FROM:].T, strict=False)
        }
        return {
            "metrics": {name: value for name, value in metrics.items() if value == value},
            "made": len(made),
            "judge_accuracy": float(found[:, _TRUE_RIGHT].mean()),
            "frechet_true": _number(frechet(mixed[:half][:MADE], mixed[half:])),
        }

    def sample(self, call: Call, known: np.ndarray, targets: Any, info: DataInfo) -> dict[str, Any]:
        """Make some pictures of each class, and find the most similar one of the training split for each."""
        labels = np.linspace(0, info.num_classes - 1, min(info.num_classes, _SHOWN_CLASSES)).round().astype(int)
        numbers, shape = np.repeat(labels, _SHOWN) + NONE + 1, info.target_shape or _SHAPE
        made = way_of(info).make(call, numbers, np.random.default_rng(3), shape)
        pictures, true = in_bytes(made), np.asarray(targets)
        where, far = nearest(pictures, true)
        judge = self._judge(info)
        seen = judge.classes(judge.features(pictures))
        rows = [
            {
                "label": info.labels[label],
                "pictures": _pngs(pictures[part]),
                "nearest": _pngs(true[where[part]]),
                "distances": [round(float(one), 3) for one in far[part]],
                "seen_as": [info.labels[one] for one in seen[part]],
            }
            for place, label in enumerate(labels.tolist())
            for part in (slice(place * _SHOWN, (place + 1) * _SHOWN),)
        ]
        return {"metrics": {}, "samples": rows, "nearest": round(float(np.median(far)), 3)}

    def illustrate(self, call: Call, inputs: np.ndarray, targets: Any, info: DataInfo) -> dict[str, Any]:
        """Pictures of a split, and what the network makes of them again, where it looks at pictures."""
        true = np.asarray(targets)
        numbers = self._numbers(inputs, info)[:, 0]
        again = way_of(info).again(call, numbers, _from_bytes(true)) if len(true) else None
        return {} if again is None else {"originals": _pngs(true), "again": _pngs(in_bytes(again))}

    def simple(self, inputs: np.ndarray, targets: Any, info: DataInfo) -> dict[str, Simple]:
        """The mean picture of a class, and normal distributions around it."""
        learned = replace(info, learned={"targets": self.learn(inputs, targets, info)})
        return {name: _Simple(self, inputs, targets, learned, drawn) for name, drawn in _SIMPLE.items()}


class _Simple:
    """Pictures drawn from what is known of each class: its mean, and if `drawn` its principal components."""

    def __init__(self, task: ImageGeneration, inputs: np.ndarray, targets: Any, info: DataInfo, drawn: bool) -> None:
        self._task, self._info, self._drawn = task, info, drawn
        numbers = task._numbers(inputs, info)[:, 0]
        pictures = np.asarray(targets, np.float32).reshape(len(numbers), -1)
        self._known = {int(n): _components(pictures[numbers == n]) for n in np.unique(numbers)}

    def __call__(self, inputs: np.ndarray, targets: Stored) -> Stored:
        """As the task's `score`; there are no losses."""
        numbers = self._task._numbers(inputs, self._info)[:, 0]
        rng = np.random.default_rng(0)
        some = np.sort(rng.permutation(len(numbers))[:MADE])
        made = np.stack([self._one(int(number), rng) for number in numbers[some]])
        shape = self._info.target_shape or _SHAPE
        pictures = np.clip(np.rint(made), 0, 255).astype(np.uint8).reshape(-1, *shape)
        found = self._task._judged(pictures, some, numbers, targets, self._info)
        found[:, _LOSS] = np.nan
        return found

    def _one(self, number: int, rng: np.random.Generator) -> np.ndarray:
        mean, parts = self._known.get(number) or next(iter(self._known.values()))
        return mean + rng.normal(size=len(parts)) @ parts if self._drawn else mean


_SIMPLE = {"mean-of-the-class": False, "principal-components": True}
_PARTS = 30


def _components(pictures: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(examples, numbers) -> their mean (numbers,), and their components (parts, numbers), each as long as they vary."""
    mean = pictures.mean(axis=0)
    _left, sizes, parts = np.linalg.svd(pictures - mean, full_matrices=False)
    return mean, parts[:_PARTS] * sizes[:_PARTS, None] / max(len(pictures), 1) ** 0.5


def _from_bytes(pictures: Any) -> np.ndarray:
    """uint8 -> -1 to 1."""
    return np.asarray(pictures).astype(np.float32) / 127.5 - 1


def _pngs(pictures: Sequence[np.ndarray] | np.ndarray) -> list[str]:
    return [base64.b64encode(png(one)).decode() for one in pictures]


def _number(value: float) -> float | None:
    return value if value == value else None
