"""What a network takes and answers with, as the API describes it."""

from typing import Any

from engine.api.shapes import InputColumn, Inputs, Predictions, Setting
from engine.data_info import DataInfo
from engine.modalities.base import modalities
from engine.spec import Choices, Field, Range
from engine.tasks.base import Task


def describe_network(task: type[Task], info: DataInfo | None) -> dict[str, Any]:
    """Return what a network takes and answers with; `info` is None while that is not known."""
    return {
        "inputs": _inputs(task, info) if info else None,
        "predictions": _predictions(task),
        "labels": list(info.labels) if info else [],
        "target": info.target if info else "",
    }


def _inputs(task: type[Task], info: DataInfo) -> Inputs:
    columns = [InputColumn(name=c.name, kind=c.kind, values=list(c.values)) for c in info.columns]
    instance = modalities[task.modality].schema(info)
    return Inputs(modality=task.modality, shape=list(info.shape), columns=columns, instance=instance)


def _predictions(task: type[Task]) -> Predictions:
    return Predictions(kind=task.prediction, entry=task.contents.model_json_schema(), streams=task.streams)


def setting_of(field: Field) -> Setting:
    """Return a setting of the answer as the API describes it."""
    words: Any = {bool: "boolean", int: "integer", float: "number"}.get(field.type, "string")
    low, high = (field.domain.low, field.domain.high) if isinstance(field.domain, Range) else (None, None)
    options = list(field.domain.options) if isinstance(field.domain, Choices) else None
    return Setting(
        name=field.name, type=words, default=field.default, minimum=low, maximum=high, options=options, help=field.help
    )
