"""Judge the best epoch once, at the end: validation, then test; and save the model people use."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from engine.artifacts import Artifacts
from engine.datasets.prepare import PreparedDataset
from engine.runs import RunSpec
from engine.tasks.base import DataInfo
from engine.training.network import Network
from engine.training.tensors import as_tensors

_BATCH = 64


def evaluate_run(network: Network, data: PreparedDataset, files: Artifacts, spec: RunSpec) -> dict[str, Any]:
    """Save the model, evaluate it on validation, test and the dataset's extra tests, and return the figures for `run.result`."""
    save_model(network, files)
    found: dict[str, Any] = {}
    for split in ("validation", "test"):
        inputs, targets = data.arrays(split)
        if len(inputs):
            found[split] = spec.task.evaluate(predict(network, inputs), targets, data.info)
    for name in spec.dataset.extra_tests:
        extra = spec.dataset.extra_test(name)
        found[name] = spec.task.evaluate(predict(network, extra.inputs), extra.targets, data.info)
    write_text(files.evaluation, json.dumps(found))
    return {f"{split}_{name}": value for split, part in found.items() for name, value in part["metrics"].items()}


def predict(network: Network, inputs: np.ndarray) -> np.ndarray:
    """Outputs (examples, outputs) of the saved model for raw inputs."""
    return np.asarray(network.saved.predict(as_tensors(inputs), batch_size=_BATCH, verbose=0))


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


def write_text(path: Path, text: str) -> None:
    """Write a small file, atomically."""
    temporary = path.with_suffix(".tmp")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)
