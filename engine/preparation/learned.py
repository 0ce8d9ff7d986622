"""What model and task learn from the training split before there is a network: a vocabulary, a scale, the tokens of texts."""

import hashlib
import json
from dataclasses import replace
from typing import Any

from engine.data_info import DECLARED, DataInfo
from engine.files import write_text
from engine.models.base import Model
from engine.preparation.prepare import PreparedDataset
from engine.tasks.base import Task


def learn(model: Model, task: Task, data: PreparedDataset) -> DataInfo:
    """Return what both learn, once for each dataset.

    Kept beside the prepared dataset, under a name that changes with their settings. Where nothing is learned the split
    is not even read: somebody waits for the first point.
    """
    info = replace(data.info, target_range=_target_range(data))
    told = {DECLARED: found} if (found := model.declared()) else {}
    if not model.learns(info) and type(task).learn is Task.learn:
        return replace(info, learned=told) if told else info
    settings = model.to_dict() if model.learns(info) else {}
    path = data.path / f"learned-{_key([settings, task.to_dict(), *data.modality.learned_by()])}.json"
    if not path.is_file():
        reads = model.learns(info) or task.learns_inputs
        where = data.indices("train")
        inputs, targets = data.arrays("train") if reads else (data.inputs[where[:0]], data.targets[where])
        learned = model.learn(inputs, data.info) if model.learns(info) else {}
        if found := task.learn(inputs, targets, data.info):
            learned |= {"targets": found}
        write_text(path, json.dumps(learned, ensure_ascii=False))
    return replace(info, learned=json.loads(path.read_text(encoding="utf-8")) | told)


def _target_range(data: PreparedDataset) -> tuple[float, float] | None:
    """Return the smallest and the largest target of the training split, where targets are numbers."""
    if not data.codec.numbers:
        return None
    targets = data.targets[data.indices("train")]
    return float(targets.min()), float(targets.max())


def _key(values: Any) -> str:
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()[:16]
