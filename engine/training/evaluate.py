"""Evaluate the best epoch once, at the end: validation, then test; and save the model people use."""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from statistics import median
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from engine.artifacts import Artifacts
from engine.data_info import DataInfo
from engine.files import write_text
from engine.preparation.prepare import PreparedDataset, Split
from engine.runs import RunSpec
from engine.targets import Ragged, Stored
from engine.tasks.base import Call, Task
from engine.tasks.graph import feed
from engine.training.network import Network
from engine.training.outcomes import OutcomeFile, outcome_file
from engine.training.tensors import as_tensors
from engine.training.tensors import predict as outputs_of

_BATCH = 64
_PORTION = 64 * _BATCH  # examples in memory at once
_CALLS = 20
_MEASURED = (_BATCH, _BATCH, 16 * _BATCH)  # the first traces the network; the last is for networks that are fast
_PRECISE_SECONDS = 0.5  # what takes longer was measured well enough
Watch = Callable[[], None]
EVALUATED: tuple[Split, ...] = ("validation", "test")
"""Splits on which a run is evaluated."""


def evaluate_run(
    network: Network, data: PreparedDataset, files: Artifacts, spec: RunSpec, watch: Watch | None = None
) -> dict[str, Any]:
    """Save the model, evaluate it on validation, test and the dataset's extra tests, keep per-example predictions.

    Return the metrics for `run.result`. `watch` is called after each batch; what it raises ends the evaluation.
    """
    save_model(network, files)
    found: dict[str, Any] = {}
    with outcome_file(files.outcomes) as outcomes:
        for split in EVALUATED:
            where = data.indices(split)
            if len(where):
                answers = _answers(network, spec.task, data, where, watch)
                found[split] = _evaluated(answers, where, split, spec.task, data.info, outcomes)
    for name in spec.dataset.extra_tests:
        extra = spec.dataset.extra_test(name)
        outputs = spec.task.answer(_caller(network, watch), extra.inputs, data.info, spec.task.answering())
        found[name] = spec.task.evaluate(outputs, spec.task.truth(extra.inputs, extra.targets), data.info)
    write_text(files.evaluation, json.dumps(found))
    return {f"{split}_{name}": value for split, part in found.items() for name, value in part["metrics"].items()}


def _answers(
    network: Network, task: Task, data: PreparedDataset, where: np.ndarray, watch: Watch | None
) -> Iterator[tuple[np.ndarray, Stored, Stored]]:
    """Yield inputs, outputs and targets of the examples `where`, a portion at a time."""
    call, options = _caller(network, watch), task.answering()
    for start in range(0, len(where), _PORTION):
        some = where[start : start + _PORTION]
        inputs = np.asarray(data.inputs[some])
        yield inputs, task.answer(call, inputs, data.info, options), task.truth(inputs, data.targets[some])


def _evaluated(
    answers: Iterable[tuple[np.ndarray, Stored, Stored]],
    where: np.ndarray,
    split: str,
    task: Task,
    info: DataInfo,
    outcomes: OutcomeFile,
) -> dict[str, Any]:
    """Store each portion, and evaluate all of them."""
    outcomes.add(f"{split}_positions", where)
    for _inputs, outputs, targets in answers:
        kept = outputs if isinstance(outputs, Ragged) else outputs.astype(np.float32)
        outcomes.add(f"{split}_outputs", kept)
        outcomes.add(f"{split}_targets", targets)
        for name, scores in task.example_scores(kept, targets).items():
            outcomes.add(f"{split}_score_{name}", scores)
    outputs, targets = outcomes.read(f"{split}_outputs"), outcomes.read(f"{split}_targets")
    found = task.evaluate(outputs, targets, info)
    for name in ("outputs", "targets"):
        outcomes.bound(f"{split}_{name}")
    return found


def _caller(network: Network, watch: Watch | None = None) -> Call:
    """Return the saved model on raw inputs. For calls in a loop it is a graph that fits all shapes: `predict` costs 30 ms."""
    model = network.saved
    watching = (
        [keras.callbacks.LambdaCallback(on_predict_batch_end=lambda batch, logs=None: watch())] if watch else None
    )
    step = tf.function(lambda fed: model(fed, training=False), reduce_retracing=True)

    def call(inputs: np.ndarray, extra: Mapping[str, np.ndarray] | None = None) -> np.ndarray:
        if not extra:
            return np.asarray(outputs_of(model, inputs, _BATCH, watching))
        if watch:
            watch()
        fed = feed(as_tensors(inputs), extra)
        return np.asarray(step({name: tf.convert_to_tensor(value) for name, value in fed.items()}))

    return call


def estimate_evaluation(network: Network, data: PreparedDataset, task: Task, watch: Watch) -> float:
    """Return the seconds that evaluating on all splits will take, measured on some examples."""
    call, options, where = (
        _caller(network, watch),
        task.answering(),
        np.concatenate([data.indices(s) for s in EVALUATED]),
    )
    pace = 0.0
    for turn, count in enumerate(_MEASURED):
        inputs = np.asarray(data.inputs[np.sort(where[:count])])
        began = time.monotonic()
        task.answer(call, inputs, data.info, options)
        seconds = time.monotonic() - began
        pace = seconds / max(1, len(inputs))
        if turn and seconds > _PRECISE_SECONDS:
            break
    return pace * len(where)


def measure_latency(network: Network, data: PreparedDataset) -> float:
    """Return the milliseconds that the saved model takes for one example: the median of some calls, warm."""
    example = as_tensors(data.arrays("validation")[0][:1])
    network.saved.predict_on_batch(example)  # traced here
    seconds = []
    for _ in range(_CALLS):
        began = time.perf_counter()
        network.saved.predict_on_batch(example)
        seconds.append(time.perf_counter() - began)
    return round(1000 * median(seconds), 4)


def save_model(network: Network, files: Artifacts) -> None:
    """Write `model.keras`, atomically."""
    temporary = files.folder / "model.tmp.keras"
    try:
        network.saved.save(temporary)
        temporary.replace(files.model)
    finally:
        temporary.unlink(missing_ok=True)


def save_info(files: Artifacts, spec: RunSpec, info: DataInfo) -> None:
    """Write `info.json`: the signature of the model, for when the dataset is gone."""
    write_text(files.info, json.dumps({"task": spec.task.to_dict(), **info.to_dict()}))
