"""The baseline of a prepared dataset: found once, kept beside the data, shown with every later run."""

import hashlib
import json
import logging
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np

from engine.environment import package_version
from engine.files import write_text
from engine.preparation.prepare import EVALUATED, PreparedDataset
from engine.sentences import Sentence
from engine.settings import settings
from engine.tasks.base import Simple, Task

logger = logging.getLogger(__name__)

_FEW = 500
"""Examples to which a task's own methods are fitted first, to see how long that takes."""
_FITTING = 0.5
"""Share of the time for a baseline in which such methods may be fitted; the rest is for evaluating them."""
_FORMAT = 3  # increase it when baselines change: old ones are then computed again


@dataclass(frozen=True)
class Baseline:
    """The results of a classical method on the validation and test split, and how they were obtained."""

    name: str = ""
    """The method, such as `logistic-regression-pixels`."""
    parameters: dict[str, float] = field(default_factory=dict)
    """Hyperparameters that the validation split chose."""
    metrics: dict[str, dict[str, float]] = field(default_factory=dict)
    """By split: the metrics that the task also gives a network."""
    seconds: float = 0.0
    num_examples: int = 0
    """Number of training examples it was fitted on: not all of a large split."""
    num_available: int = 0
    complete: bool = True
    """False when time ran out before everything was tried or a solver had finished."""
    others: dict[str, dict[str, dict[str, float]]] = field(default_factory=dict)
    """Metrics by split of the other methods that were tried, by name, where a task has several of its own."""
    problem: str = ""
    """The sentence that says why there is no baseline; empty when there is one."""


def baseline_of(
    data: PreparedDataset, task: Task, obey: Callable[[], None] = lambda: None, without: str = ""
) -> Baseline:
    """Return the baseline of `data` under `task`: read where it is known, otherwise computed and kept. The method `without` is left
    out, where there are others.

    Only the training split is fitted, validation chooses, and the test split is evaluated once. `obey` is called between
    portions of the work and may raise to leave. Raise whatever scikit-learn raises where nothing can be fitted.
    """
    known = cached_baseline(data, task, without)
    if known is not None:
        return known
    found = _find(data, task, obey, without)
    try:
        write_text(_path(data, task, without), json.dumps(asdict(found)))
    except OSError as error:  # the prepared data may have been trimmed meanwhile
        logger.warning("The baseline is not kept: %s.", error)
    return found


def cached_baseline(data: PreparedDataset, task: Task, without: str = "") -> Baseline | None:
    """Return the baseline if it is known already: reads one small file and none of the data."""
    path = _path(data, task, without)
    try:
        return Baseline(**json.loads(path.read_text()))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:  # it is computed again and overwritten
        logger.warning("The baseline that was kept in %s cannot be read: %s.", path, error)
        return None


def _find(data: PreparedDataset, task: Task, obey: Callable[[], None], without: str) -> Baseline:
    if type(task).simple is not Task.simple:
        return _find_simple(data, task, obey)
    from threadpoolctl import threadpool_limits

    from engine.baselines.search import Search

    began = time.monotonic()
    with threadpool_limits(limits=1):  # beside other training runs, threads that wait took ten times as long
        search = Search(data, task, obey, without)
        winner = search.run()
        metrics = {split: search.score(winner, split) for split in EVALUATED}
    estimator = winner.estimator
    return Baseline(
        name=winner.name,
        parameters={name: float(getattr(estimator, name)) for name in ("C", "alpha") if hasattr(estimator, name)},
        metrics={split: found for split, found in metrics.items() if found},
        seconds=round(time.monotonic() - began, 3),
        num_examples=winner.num_examples,
        num_available=len(search.available),
        complete=search.complete,
    )


def _find_simple(data: PreparedDataset, task: Task, obey: Callable[[], None]) -> Baseline:
    """Evaluate the simple method that the task itself has."""
    began = time.monotonic()
    methods, fitted = _fit_simple(data, task)
    available, targets = len(data.indices("train")), data.targets[fitted]
    if not methods:
        return Baseline(problem=Sentence("There is no simple method for these examples."))
    info = data.info
    if not task.learns_inputs:  # then it takes no time
        info = replace(info, learned={"targets": task.learn(np.asarray(data.inputs[fitted[:0]]), targets, info)})
    found: dict[str, dict[str, dict[str, float]]] = {name: {} for name in methods}
    for split in EVALUATED:
        examples = data.arrays(split)
        for name, outputs_of in methods.items():
            obey()
            if len(examples[0]):
                truth = task.truth(*examples)
                found[name][split] = task.evaluate(outputs_of(*examples), truth, info)["metrics"]
    best = _best_of(found, task)
    others = {name: metrics for name, metrics in found.items() if name != best}
    seconds = round(time.monotonic() - began, 3)
    return Baseline(best, {}, found[best], seconds, num_examples=len(fitted), num_available=available, others=others)


def _fit_simple(data: PreparedDataset, task: Task) -> tuple[dict[str, Simple], np.ndarray]:
    """Fit the task's methods to as many training examples as half of the time allows, drawn at random; return which those were.

    How many, a first fit to a few tells: these methods count, so that time and memory grow with what they see.
    """
    drawn = np.random.default_rng(0).permutation(data.indices("train"))
    drawn = drawn[: task.simple_examples or len(drawn)]
    began = time.monotonic()
    few = np.sort(drawn[:_FEW])
    methods = task.simple(np.asarray(data.inputs[few]), data.targets[few], data.info)
    taken = max(time.monotonic() - began, 1e-3)
    allowed = int(len(few) * _FITTING * settings().baseline_seconds / taken)
    if len(few) == len(drawn) or not methods or allowed <= len(few):
        return methods, few
    some = np.sort(drawn[:allowed])
    return task.simple(np.asarray(data.inputs[some]), data.targets[some], data.info), some


def _best_of(found: dict[str, dict[str, dict[str, float]]], task: Task) -> str:
    """Return the method that is best on the validation split, by the first metric of the task that they have."""
    first = EVALUATED[0]
    metric = next((m for m in task.metrics if all(m.name in splits.get(first, {}) for splits in found.values())), None)
    if metric is None:
        return next(iter(found))
    values = {name: splits[first][metric.name] for name, splits in found.items()}
    return (max if metric.maximize else min)(values, key=values.__getitem__)


def _path(data: PreparedDataset, task: Task, without: str) -> Path:
    """Return a file name that changes with everything that decides the result."""
    limits = settings()
    bounds = [limits.baseline_examples, limits.baseline_seconds, limits.max_baseline_mb]
    key = [
        _FORMAT,
        package_version("scikit-learn"),
        task.name,
        *bounds,
        *([task.to_dict()] if task.encodes else []),
        *([without] if without else []),
    ]
    return data.path / f"baseline-{hashlib.sha256(json.dumps(key).encode()).hexdigest()[:16]}.json"
