"""Find the baseline of a prepared dataset: fit on train, choose on validation, score test once; bounded in time."""

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from engine.baselines import audio, image, table, text
from engine.baselines.recipe import Recipe, fit_in_portions
from engine.errors import TrainyardError
from engine.judging import deciding_metric, gain
from engine.preparation.prepare import PreparedDataset, Split
from engine.settings import settings
from engine.tasks.base import Task

RECIPES: dict[str, Callable[[np.ndarray, int], Recipe]] = {
    "image": image.recipe,
    "text": text.recipe,
    "audio": audio.recipe,
    "table": table.recipe,
}
"""By modality: one input as a sample (1, ...) and the number of classes (0: regression) -> what is tried."""
_CHUNK = 256  # inputs that are read at once; between two chunks a stop is obeyed


class Winner(NamedTuple):
    """The best of what was tried, fitted."""

    name: str
    features: Any
    estimator: Any
    metrics: dict[str, float]


class Search:
    """One search. `winner` is there after `run`; `complete` says whether all was tried in time."""

    def __init__(self, data: PreparedDataset, task: Task, obey: Callable[[], None]) -> None:
        """`obey` is called several times a second and may raise to leave."""
        if task.modality not in RECIPES:
            raise TrainyardError(f"There is no baseline yet for inputs of modality {task.modality!r}.")
        self.data, self.task, self.obey = data, task, obey
        self.train = _some(data.indices("train"))
        self.recipe = RECIPES[task.modality](np.asarray(data.inputs[self.train[:1]]), data.info.num_classes)
        self.complete = True
        self._until = time.monotonic() + settings().baseline_seconds

    def run(self) -> Winner:
        """Fit all candidates that time allows, at least one, and return the best on validation examples."""
        extracted, targets = self._extract(self.train), self.data.targets[self.train]
        validation = _some(self.data.indices("validation"))
        judged = self._extract(validation) if len(validation) else extracted
        expected = self.data.targets[validation] if len(validation) else targets
        best: Winner | None = None
        for family in self.recipe.families:
            if best and not self._more():
                break
            learned = family.features.fit_transform(extracted, targets)
            seen = family.features.transform(judged)
            for estimator in family.estimators:
                if best and not self._more():
                    break
                fit_in_portions(estimator, learned, targets, self._more)
                metrics = self._judge(self._predict(estimator, seen), expected)
                found = Winner(family.name, family.features, estimator, metrics)
                best = found if best is None or self._better(found, best) else best
        assert best is not None  # the first candidate is fitted whatever the clock says
        return best

    def score(self, winner: Winner, split: Split) -> dict[str, float]:
        """The figures of `winner` on all examples of a split; {} where it has none."""
        where = self.data.indices(split)
        if not len(where):
            return {}
        outputs = [
            self._predict(winner.estimator, winner.features.transform(self._extract(part))) for part in _chunks(where)
        ]
        return self._judge(np.concatenate(outputs), self.data.targets[where])

    def _extract(self, where: np.ndarray) -> np.ndarray:
        """Positions (examples,) -> what families take, read in chunks: only the extracted part is held."""
        parts = []
        for part in _chunks(where):
            self.obey()
            parts.append(self.recipe.extract(np.asarray(self.data.inputs[part])))
        return np.concatenate(parts)

    def _predict(self, estimator: Any, features: Any) -> np.ndarray:
        """(examples, outputs) as a network of the task gives them; a class that was not fitted has probability 0."""
        num_classes = self.data.info.num_classes
        if not num_classes:
            return np.asarray(estimator.predict(features)).reshape(-1, 1)
        probabilities = estimator.predict_proba(features)
        outputs = np.zeros((len(probabilities), num_classes), np.float32)
        outputs[:, estimator.classes_] = probabilities
        return outputs

    def _judge(self, outputs: np.ndarray, targets: np.ndarray) -> dict[str, float]:
        metrics: dict[str, float] = self.task.evaluate(outputs, targets, self.data.info)["metrics"]
        return metrics

    def _better(self, found: Winner, best: Winner) -> bool:
        name = deciding_metric(self.task.objective, found.metrics)
        return gain(name, found.metrics[name], best.metrics[name]) > 0

    def _more(self) -> bool:
        """Whether there is time for more. Raises what `obey` raises."""
        self.obey()
        in_time = time.monotonic() < self._until
        self.complete = self.complete and in_time
        return in_time


def _some(where: np.ndarray) -> np.ndarray:
    """At most `max_baseline_examples` positions, drawn at random, the same each time."""
    most = settings().max_baseline_examples
    if len(where) <= most:
        return where
    return np.sort(np.random.default_rng(0).choice(where, most, replace=False))


def _chunks(where: np.ndarray) -> list[np.ndarray]:
    return [where[start : start + _CHUNK] for start in range(0, len(where), _CHUNK)]
