"""Image generation: pictures of a class."""

import base64
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Annotated, Any, ClassVar

import numpy as np

from engine.data_info import DataInfo
from engine.metrics import FRECHET, PICTURE_LOSS, RECOGNISED, Metric
from engine.modalities.image.looks import png
from engine.pictures.flow import NONE, PICTURE, TIME, VELOCITY, flow_network, followed
from engine.pictures.judge import FEATURES, Judge
from engine.pictures.likeness import frechet, nearest
from engine.spec import Range
from engine.targets import Arrays, Stored, Targets
from engine.tasks.base import Answering, Call, Prediction, Simple, Task, tasks
from engine.tasks.contents import Contents, Drawn
from engine.tasks.graph import Tensors

MADE = 256
"""Pictures that are made of each split to be judged."""
_MOMENTS = 10
_SHAPE = (28, 28, 1)
_SHOWN_CLASSES, _SHOWN = 10, 6
_LOSS, _JUDGED, _RIGHT, _TRUE_RIGHT, _FEATURES = range(5)  # columns of the scores


class Drawing(Answering):
    """How pictures are made."""

    count: Annotated[int, Range(1, 16)] = 8
    """Pictures of the class."""
    guidance: Annotated[float, Range(1.0, 6.0, step=0.25)] = 2.0
    """How much the class matters: 1 as the network says; higher makes pictures more typical, and more alike."""
    steps: Annotated[int, Range(2, 100, log=True)] = 15
    """Steps from noise to picture. More are more exact, and take longer."""
    seed: Annotated[int, Range(0, 1_000_000)] = 1
    """The same number makes the same pictures again, of each class from the same noise; 0 makes others each time."""


@tasks.register("image-generation", "Image generation")
class ImageGeneration(Task):
    """Makes new pictures of a class, like those of the dataset."""

    modality: ClassVar[str] = "named-class"
    targets: ClassVar[Targets] = Arrays()
    prediction: ClassVar[str] = "drawn"
    contents: ClassVar[type[Contents]] = Drawn
    metrics: ClassVar[tuple[Metric, ...]] = (FRECHET, RECOGNISED, PICTURE_LOSS)
    baselines: ClassVar[bool] = True
    answering: ClassVar[type[Answering]] = Drawing
    encodes: ClassVar[bool] = True

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

    def batch(self, inputs: Any, targets: Any, info: DataInfo) -> tuple[Any, Any]:
        """Numbers, pictures from -1 to 1, and a time that the network draws itself."""
        import tensorflow as tf

        pictures = tf.cast(targets, tf.float32) / 127.5 - 1
        time = tf.zeros((tf.shape(inputs)[0], 1))
        return {"inputs": inputs, "picture": pictures, "time": time}, inputs

    def network(self, inputs: Any, outputs: Any, name: str) -> Any:
        """A model that draws noise and time, and has its loss."""
        return flow_network()(inputs, outputs, name=name)

    def compile_options(self, info: DataInfo) -> dict[str, Any]:
        """The model has its loss."""
        return {}

    # -- answering ---------------------------------------------------------------------------------------------------

    @classmethod
    def repeatable(cls) -> Answering:
        """One picture, the same each time."""
        return Drawing(count=1, steps=8)

    def answer(self, call: Call, inputs: np.ndarray, info: DataInfo, options: Answering) -> Stored:
        """(examples, 1 + moments, pictures, height, width, channels) uint8: from noise to picture. The first one begins with the
        number of the class, in two bytes."""
        assert isinstance(options, Drawing)
        numbers, shape = self._numbers(inputs, info)[:, 0], info.target_shape or _SHAPE
        rng = np.random.default_rng(options.seed or None)
        noise = rng.normal(size=(options.count, *shape)).astype(np.float32)
        every = np.tile(noise, (len(numbers), 1, 1, 1))
        moments = [
            _bytes(x).reshape(len(numbers), options.count, *shape)
            for x in self._moments(call, np.repeat(numbers, options.count), every, options)
        ]
        head = np.zeros_like(moments[0]).reshape(len(numbers), -1)
        head[:, 0], head[:, 1] = numbers // 256, numbers % 256
        return np.stack([head.reshape(moments[0].shape), *moments], axis=1)

    def _moments(self, call: Call, numbers: np.ndarray, noise: np.ndarray, options: Drawing) -> Iterator[np.ndarray]:
        """Yield pictures (examples, ...) from -1 to 1 at some moments on the way, the last one whole."""
        shown = set(np.linspace(0, options.steps, _MOMENTS).round().astype(int).tolist())
        for step, x in enumerate(followed(call, numbers, noise, options.steps, options.guidance)):
            if step in shown:
                yield x

    def predictions(self, outputs: Any, info: DataInfo) -> list[Prediction]:
        """Pictures, what the judge sees in them, and their way."""
        judge, labels = self._judge(info), info.labels
        found = []
        for row in outputs:
            number = int(row[0].flat[0]) * 256 + int(row[0].flat[1])
            last = row[-1]
            seen = judge.classes(judge.features(last)).tolist()
            values = {
                "label": labels[number - 1] if number != NONE else "",
                "pictures": _pngs(last),
                "seen_as": [labels[one] for one in seen],
                "way": _pngs([np.concatenate(list(moment), axis=1) for moment in row[1:]]) if len(row) > 2 else [],
            }
            found.append(Prediction(self.prediction, values))
        return found

    def truth(self, inputs: np.ndarray, targets: Stored) -> Stored:
        """Return nothing: the scores know it."""
        return np.zeros((len(inputs), 0), np.float32)

    # -- evaluating --------------------------------------------------------------------------------------------------

    def score(self, call: Call, inputs: np.ndarray, targets: Any, info: DataInfo) -> np.ndarray:
        """(examples, 4 + 2 FEATURES): the loss of each picture, whether one of its class was made, whether the judge sees the class in
        this and in the true one, and its features of both. Pictures are made for some examples only."""
        numbers, shape = self._numbers(inputs, info)[:, 0], info.target_shape or _SHAPE
        some = np.sort(np.random.default_rng(0).permutation(len(numbers))[:MADE])
        noise = np.random.default_rng(1).normal(size=(len(some), *shape))
        *_way, made = self._moments(call, numbers[some], noise, self._judging())
        found = self._judged(_bytes(made), some, numbers, targets, info)
        found[:, _LOSS] = self._losses(call, numbers, np.asarray(targets))
        return found

    @classmethod
    def _judging(cls) -> Drawing:
        """Return the settings with which pictures are made to be judged."""
        return Drawing(count=1, steps=10)

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
        found[:, -FEATURES:] = true
        return found

    def _losses(self, call: Call, numbers: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """Return the mean squared error of the velocity of each picture (examples,), at a time of its own."""
        rng, found = np.random.default_rng(2), []
        for start in range(0, len(targets), MADE):
            pictures = targets[start : start + MADE].astype(np.float32) / 127.5 - 1
            noise = rng.normal(size=pictures.shape).astype(np.float32)
            time = (1 / (1 + np.exp(-rng.normal(size=(len(pictures), 1))))).astype(np.float32)
            share = time[:, :, None, None]
            seen = (1 - share) * noise + share * pictures
            told = call(numbers[start : start + MADE, None], {PICTURE: seen, TIME: time})[VELOCITY]
            found.append(np.square(np.asarray(told) - (pictures - noise)).mean(axis=(1, 2, 3)))
        return np.concatenate(found) if found else np.zeros(0)

    @classmethod
    def example_scores(cls, outputs: Any, targets: Any) -> dict[str, np.ndarray]:
        """The loss of each picture."""
        return {"picture_loss": np.asarray(outputs, np.float64)[:, _LOSS]}

    def evaluate(self, outputs: Any, targets: Any, info: DataInfo) -> dict[str, Any]:
        """How many of the made pictures are recognised, how far they are from true ones, and what the judge is worth."""
        found = np.asarray(outputs, np.float64)
        made = found[found[:, _JUDGED] == 1]
        true, half = found[:, -FEATURES:], len(found) // 2
        mixed = np.random.default_rng(4).permutation(true)  # a source may have one class after the other
        away = frechet(made[:, _FEATURES : _FEATURES + FEATURES], true)
        metrics = {"frechet": away, "recognised": float(made[:, _RIGHT].mean())}
        if not np.isnan(found[:, _LOSS]).any():
            metrics["picture_loss"] = float(found[:, _LOSS].mean())
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
        noise = np.random.default_rng(3).normal(size=(len(numbers), *shape))
        *_way, made = self._moments(call, numbers, noise, self._judging())
        pictures, true = _bytes(made), np.asarray(targets)
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


def _bytes(pictures: np.ndarray) -> np.ndarray:
    """-1 to 1 -> uint8."""
    found: np.ndarray = np.clip(np.rint((pictures + 1) * 127.5), 0, 255).astype(np.uint8)
    return found


def _pngs(pictures: Sequence[np.ndarray] | np.ndarray) -> list[str]:
    return [base64.b64encode(png(one)).decode() for one in pictures]


def _number(value: float) -> float | None:
    return value if value == value else None
