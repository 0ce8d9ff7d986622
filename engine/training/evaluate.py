"""Judge the best epoch once, at the end: validation, then test; and save the model people use."""

import json
import time
from statistics import median
from typing import Any

import numpy as np

from engine.artifacts import Artifacts
from engine.data_info import DataInfo
from engine.files import write_text
from engine.preparation.prepare import PreparedDataset, Split
from engine.runs import RunSpec
from engine.training.checkpoint import write_arrays
from engine.training.network import Network
from engine.training.tensors import as_tensors
from engine.training.tensors import predict as outputs_of

_BATCH = 64
_CALLS = 20
JUDGED: tuple[Split, ...] = ("validation", "test")
"""Splits on which a run is judged."""


def evaluate_run(network: Network, data: PreparedDataset, files: Artifacts, spec: RunSpec) -> dict[str, Any]:
    """Save the model, judge it on validation, test and the dataset's extra tests, keep what became of each example.

    Returns the figures for `run.result`.
    """
    save_model(network, files)
    found: dict[str, Any] = {}
    outcomes: dict[str, np.ndarray] = {}
    for split in JUDGED:
        inputs, targets = data.arrays(split)
        if len(inputs):
            outputs = predict(network, inputs)
            found[split] = spec.task.evaluate(outputs, targets, data.info)
            outcomes[f"{split}_positions"] = data.indices(split)
            outcomes[f"{split}_outputs"] = outputs.astype(np.float32)
            outcomes[f"{split}_targets"] = targets
    for name in spec.dataset.extra_tests:
        extra = spec.dataset.extra_test(name)
        found[name] = spec.task.evaluate(predict(network, extra.inputs), extra.targets, data.info)
    write_arrays(files.outcomes, outcomes)
    write_text(files.evaluation, json.dumps(found))
    return {f"{split}_{name}": value for split, part in found.items() for name, value in part["metrics"].items()}


def predict(network: Network, inputs: np.ndarray) -> np.ndarray:
    """Outputs (examples, outputs) of the saved model for raw inputs."""
    return np.asarray(outputs_of(network.saved, inputs, _BATCH))


def measure_latency(network: Network, data: PreparedDataset) -> float:
    """Milliseconds that the saved model takes for one example: the median of some calls, warm."""
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
    """Write `info.json`: what the model takes and what its outputs mean, for when the dataset is gone."""
    write_text(files.info, json.dumps({"task": spec.task.to_dict(), **info.to_dict()}))
