"""Evaluate the best epoch once, at the end: validation, then test; and save the model people use."""

import json
import time
from collections.abc import Iterable, Iterator
from statistics import median
from typing import Any

import numpy as np

from engine.artifacts import Artifacts
from engine.data_info import CALIBRATED, DataInfo
from engine.files import write_text
from engine.preparation.prepare import EVALUATED, PreparedDataset
from engine.preparation.varied import varied
from engine.runs import RunSpec
from engine.targets import Ragged, Stored
from engine.tasks.base import Call, Task
from engine.training.calling import BATCH, Watch
from engine.training.features import learn
from engine.training.fitted import Fitted, SavedCall
from engine.training.outcomes import OutcomeFile, outcome_file
from engine.training.reliability import Evidence, keep_reliability

_PORTION = 64 * BATCH  # examples in memory at once
_CALLS = 20
_MEASURED = (BATCH, BATCH, 16 * BATCH)  # the first traces the network; the last is for networks that are fast
_PRECISE_SECONDS = 0.5  # what takes longer was measured well enough


def evaluate_run(
    network: Fitted, data: PreparedDataset, files: Artifacts, spec: RunSpec, watch: Watch | None = None
) -> dict[str, Any]:
    """Save the model, evaluate it on validation, test and the dataset's extra tests, keep per-example predictions.

    Return the metrics for `run.result`. `watch` is called after each batch; what it raises ends the evaluation.
    """
    save_model(network, files)
    found: dict[str, Any] = {}
    call, info = network.saved_call(watch), learn(spec, data)
    evidence: dict[str, Evidence] = {}
    with outcome_file(files.outcomes) as outcomes:
        for split in EVALUATED:
            where = data.indices(split)
            if len(where):
                seen = evidence[split] = Evidence(len(where))
                answers = _answers(call, spec.task, data, info, where, seen)
                found[split], info = _evaluated(answers, where, split, spec.task, info, outcomes, seen)
                if some := spec.task.illustrations:
                    shown = np.sort(varied(data, split, some))
                    rows = np.asarray(data.inputs[shown]), data.targets[shown]
                    found[split] |= spec.task.illustrate(call, *rows, info)
    for name in spec.dataset.extra_tests:
        extra = spec.dataset.extra_test(name)
        outputs = spec.task.score(call, extra.inputs, extra.targets, info)
        found[name] = spec.task.evaluate(outputs, spec.task.truth(extra.inputs, extra.targets), data.info)
    if type(spec.task).sample is not Task.sample:  # the training split is not read for nothing
        sampled = spec.task.sample(call, *data.arrays("train"), info)
        part = found.setdefault(EVALUATED[-1], {"metrics": {}})
        part |= sampled | {"metrics": part["metrics"] | sampled["metrics"]}
    typical = data.modality.typical(data.inputs, data.indices("train"))
    calibrated = info.learned.get(CALIBRATED)
    kept = keep_reliability(files, network, spec.task, evidence, typical, calibrated, compares=not data.by_time)
    for part, remarks in kept.items():
        found[part] |= remarks
    write_text(files.evaluation, json.dumps(found))
    return {f"{split}_{name}": value for split, part in found.items() for name, value in part["metrics"].items()}


def _answers(
    call: SavedCall, task: Task, data: PreparedDataset, info: DataInfo, where: np.ndarray, seen: Evidence
) -> Iterator[tuple[Stored, Stored]]:
    """Yield outputs and targets of the examples `where`, a portion at a time."""
    for start in range(0, len(where), _PORTION):
        some = where[start : start + _PORTION]
        inputs = np.asarray(data.inputs[some])
        call.begin()
        outputs = task.score(call, inputs, data.targets[some], info)
        classes = np.asarray(data.targets[some]) if data.codec.classes else np.zeros(len(some), int)
        seen.add(start, classes, call.representation(len(some)))
        yield outputs, task.truth(inputs, data.targets[some])


def _evaluated(
    answers: Iterable[tuple[Stored, Stored]],
    where: np.ndarray,
    split: str,
    task: Task,
    info: DataInfo,
    outcomes: OutcomeFile,
    seen: Evidence,
) -> tuple[dict[str, Any], DataInfo]:
    """Store each portion, and evaluate all of them; return also what is known then, with what was calibrated on the validation split."""
    outcomes.add(f"{split}_positions", where)
    for outputs, targets in answers:
        kept = outputs if isinstance(outputs, Ragged) else outputs.astype(np.float32)
        outcomes.add(f"{split}_outputs", kept)
        outcomes.add(f"{split}_targets", targets)
        for name, scores in task.example_scores(kept, targets).items():
            outcomes.add(f"{split}_score_{name}", scores)
    outputs, targets = outcomes.read(f"{split}_outputs"), outcomes.read(f"{split}_targets")
    if split == EVALUATED[0]:
        info = info.calibrated_by(task.calibrate(outputs, targets, info))
    found = task.evaluate(outputs, targets, info)
    seen.nonconformity = task.nonconformity(outputs, targets, info)
    for name in ("outputs", "targets"):
        outcomes.bound(f"{split}_{name}")
    return found, info


def estimate_evaluation(network: Fitted, data: PreparedDataset, task: Task, info: DataInfo, watch: Watch) -> float:
    """Return the seconds that evaluating on all splits will take, measured on some examples."""
    call = network.saved_call(watch)
    where = np.concatenate([data.indices(s) for s in EVALUATED])
    pace = 0.0
    for turn, count in enumerate(_MEASURED):
        some = np.sort(where[:count])
        inputs = np.asarray(data.inputs[some])
        began = time.monotonic()
        task.score(call, inputs, data.targets[some], info)
        seconds = time.monotonic() - began
        pace = seconds / max(1, len(inputs))
        if turn and seconds > _PRECISE_SECONDS:
            break
    return pace * len(where)


def measure_latency(network: Fitted, data: PreparedDataset, task: Task, info: DataInfo) -> float:
    """Return the milliseconds that the answer to one example takes: the median of some calls, warm."""
    example = np.asarray(data.inputs[data.indices("validation")[:1]])
    call: Call = network.call_for(example) if type(task).answer is Task.answer else network.saved_call()
    options = task.repeatable()
    task.answer(call, example, info, options)  # traced here
    seconds = []
    for _ in range(_CALLS):
        began = time.perf_counter()
        task.answer(call, example, info, options)
        seconds.append(time.perf_counter() - began)
    return round(1000 * median(seconds), 4)


def save_model(network: Fitted, files: Artifacts) -> None:
    """Write the saved model, atomically; what was learned of an earlier model of the run is deleted."""
    kept = files.folder / network.file
    temporary = kept.with_suffix(f".tmp{kept.suffix}")
    try:
        network.write(temporary)
        files.reliability.unlink(missing_ok=True)
        temporary.replace(kept)
    finally:
        temporary.unlink(missing_ok=True)


def save_info(files: Artifacts, spec: RunSpec, info: DataInfo) -> None:
    """Write `info.json`: the signature of the model, for when the dataset is gone."""
    write_text(files.info, json.dumps({"task": spec.task.to_dict(), **info.to_dict()}))
