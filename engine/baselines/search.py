"""Find the baseline of a prepared dataset: fit on train, choose on validation, evaluate on test once; bounded in time.

On a large training split all candidates get a part first; the best of each family is then fitted on as many examples as the
remaining time allows, estimated from the time of the part.
"""

import time
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import clone

from engine.baselines.fitting import fit_in_portions
from engine.evaluation import deciding_metric, gain
from engine.modalities.base import modalities
from engine.modalities.recipe import Family
from engine.preparation.prepare import PreparedDataset, Split
from engine.settings import settings
from engine.tasks.base import Task

_CHUNK = 256  # inputs that are read at once; between two chunks a stop is obeyed
_MARGIN = 0.8  # share of the time that is planned for: a fit on more examples may need more iterations


class Winner(NamedTuple):
    """The best candidate, fitted."""

    name: str
    features: Any
    estimator: Any
    metrics: dict[str, float]
    num_examples: int
    cost: float
    """Seconds per example for reading, features and fit."""
    size_bytes: float
    """Memory of the features of one example."""


class Search:
    """One search. After `run`, `complete` says whether everything was tried in time."""

    def __init__(self, data: PreparedDataset, task: Task, obey: Callable[[], None], without: str = "") -> None:
        """`obey` is called several times a second and may raise to leave. The family `without` is not tried, where there are others."""
        self.data, self.task, self.obey = data, task, obey
        self.available = data.indices("train")
        sample = np.asarray(data.inputs[self.available[:1]])
        self.recipe = modalities[task.modality].baseline(sample, data.info.num_classes)
        self.families = [family for family in self.recipe.families if family.name != without] or self.recipe.families
        self.complete = True
        self._until = time.monotonic() + settings().baseline_seconds

    def run(self) -> Winner:
        """Fit all candidates that time allows, at least one, and return the best on validation examples."""
        train = _some(self.available, settings().baseline_examples)
        validation = _some(self.data.indices("validation"), settings().baseline_examples)
        evaluated = validation if len(validation) else train
        self._evaluated = self._extract(evaluated), self.data.targets[evaluated]
        extracted, reading = self._timed(train)
        families: dict[str, Winner] = {}
        for family in self.families:
            if families and not self._more():
                break
            found = self._best_of(family, family.estimators, train, extracted, reading, sure=not families)
            if found is not None:
                families[family.name] = found
        best = self._best(families.values())
        if len(train) < len(self.available):
            best = self._best([*self._enlarge(families), best])  # of equals, the one that has seen more examples
        return best

    def _best_of(
        self, family: Family, estimators: tuple[Any, ...], train: np.ndarray, extracted: np.ndarray, reading: float,
        *, sure: bool,
    ) -> Winner | None:  # fmt: skip
        """Return the best of a family on the examples `train`; None when time is up, unless one must be `sure`."""
        targets, (evaluated, expected) = self.data.targets[train], self._evaluated
        began = time.monotonic()
        learned = family.features.fit_transform(extracted, targets)
        seen, size = family.features.transform(evaluated), _size_bytes(learned) / len(train)
        reading += time.monotonic() - began
        found: list[Winner] = []
        for estimator in estimators:
            if (found or not sure) and not self._more():
                break
            began = time.monotonic()
            fit_in_portions(estimator, learned, targets, self._more)
            cost = (reading + time.monotonic() - began) / len(train)
            metrics = self._evaluate(self._predict(estimator, seen), expected)
            found.append(Winner(family.name, family.features, estimator, metrics, len(train), cost, size))
        return self._best(found) if found else None

    def _enlarge(self, families: dict[str, Winner]) -> list[Winner]:
        """Fit the best of each family again on more examples: as many as its share of the time and the memory allow."""
        found = []
        for done, known in enumerate(families.values()):
            share = _MARGIN * (self._until - time.monotonic()) / (len(families) - done)
            in_memory = settings().max_baseline_mb * 1_000_000 / max(known.size_bytes, 1)
            count = int(min(len(self.available), share / known.cost, in_memory))
            if count <= known.num_examples or not self._more():
                continue
            more = _some(self.available, count)
            [family] = [family for family in self.recipe.families if family.name == known.name]
            fresh = Family(family.name, clone(family.features), (clone(known.estimator),))
            larger = self._best_of(fresh, fresh.estimators, more, *self._timed(more), sure=True)
            found += [larger] if larger is not None else []
        return found

    def _timed(self, where: np.ndarray) -> tuple[np.ndarray, float]:
        """Return what is extracted from the examples, and the seconds it took."""
        began = time.monotonic()
        extracted = self._extract(where)
        return extracted, time.monotonic() - began

    def score(self, winner: Winner, split: Split) -> dict[str, float]:
        """Return the metrics of `winner` on all examples of a split; {} for an empty one."""
        where = self.data.indices(split)
        if not len(where):
            return {}
        outputs = [
            self._predict(winner.estimator, winner.features.transform(self._extract(part))) for part in _chunks(where)
        ]
        return self._evaluate(np.concatenate(outputs), self.data.targets[where])

    def _extract(self, where: np.ndarray) -> np.ndarray:
        """Positions (examples,) -> input of families, read in chunks: only the extracted part is kept."""
        parts = []
        for part in _chunks(where):
            self.obey()
            parts.append(self.recipe.extract(np.asarray(self.data.inputs[part])))
        return np.concatenate(parts)

    def _predict(self, estimator: Any, features: Any) -> np.ndarray:
        """Return (examples, outputs) as a network of the task gives them; a class that was not fitted has probability 0."""
        num_classes = self.data.info.num_classes
        if not num_classes:
            return np.asarray(estimator.predict(features)).reshape(-1, 1)
        probabilities = estimator.predict_proba(features)
        outputs = np.zeros((len(probabilities), num_classes), np.float32)
        outputs[:, estimator.classes_] = probabilities
        return outputs

    def _evaluate(self, outputs: np.ndarray, targets: np.ndarray) -> dict[str, float]:
        metrics: dict[str, float] = self.task.evaluate(outputs, targets, self.data.info)["metrics"]
        return metrics

    def _best(self, found: Iterable[Winner]) -> Winner:
        """Return the first of those with the best score."""
        first, *others = found
        name = deciding_metric(self.task.objective, first.metrics)
        for other in others:
            if gain(name, other.metrics[name], first.metrics[name]) > 0:
                first = other
        return first

    def _more(self) -> bool:
        """Return whether there is time for more. Raise what `obey` raises."""
        self.obey()
        in_time = time.monotonic() < self._until
        self.complete = self.complete and in_time
        return in_time


def _some(where: np.ndarray, most: int) -> np.ndarray:
    """Return at most so many positions, drawn at random, the same each time."""
    if len(where) <= most:
        return where
    return np.sort(np.random.default_rng(0).choice(where, most, replace=False))


def _size_bytes(features: Any) -> int:
    """Return the memory of features, dense or sparse."""
    size: int = sum(part.nbytes for name in ("data", "indices") if (part := getattr(features, name, None)) is not None)
    return int(getattr(features, "nbytes", size))


def _chunks(where: np.ndarray) -> list[np.ndarray]:
    return [where[start : start + _CHUNK] for start in range(0, len(where), _CHUNK)]
