"""Runs as their reports see them, made without a training: answers that are mostly right, for any task."""

from typing import Any

import numpy as np

from engine.advice.findings import Finding, Headline
from engine.artifacts import Outcomes
from engine.preparation.prepare import PreparedDataset, prepare
from engine.reporting import Subject
from engine.runs import Run, RunSpec, RunState
from engine.sentences import Sentence
from engine.store import MetricPoint
from engine.targets import Stored
from tests.seeding import outputs_for

EXAMPLES = 40
HEADLINE = Headline(
    Sentence("Test {metric} {value}", metric="accuracy", value="90.0%"),
    "good",
    (Finding("result", "note", Sentence("Baseline"), ""),),
)


def subject(dataset: str, outputs: int = 1, **changes: Any) -> Subject:
    """Return an evaluated run on `dataset`, with fields of the run changed; of numbers its network gives so many `outputs`."""
    spec = RunSpec.build({"dataset": dataset})
    prepared = prepare(spec.dataset)
    found = outcomes(spec, prepared, outputs)
    run = Run(
        7,
        RunState.COMPLETED,
        spec.to_dict(),
        best={"epoch": 2.0},
        environment={"versions": {"keras": "3.15.1"}, "dataset_hash": prepared.content_hash, "baseline": {"loss": 0.7}},
    )
    evaluated = spec.task.evaluate(found.outputs, found.targets, prepared.info)
    evaluation = {"test": evaluated, "validation": evaluated}
    return Subject(Run(**(vars(run) | changes)), spec, HEADLINE, points(), evaluation, found, prepared)


def outcomes(spec: RunSpec, prepared: PreparedDataset, outputs: int) -> Outcomes:
    """Return answers to some examples: nine of ten classes right, numbers close, anything else as it should be."""
    where = prepared.indices("test")[:EXAMPLES]
    targets = spec.task.truth(np.asarray(prepared.inputs[where]), prepared.targets[where])
    return Outcomes(where, _outputs(prepared, targets, outputs), targets)


def _outputs(prepared: PreparedDataset, targets: Stored, outputs: int) -> Any:
    if prepared.codec.classes:
        return outputs_for(np.asarray(targets), prepared.info.num_classes, 0.9, np.random.default_rng(0))
    if prepared.codec.numbers:
        return np.tile(outputs_for(np.asarray(targets), 0, 0.9, np.random.default_rng(0)), outputs)
    return targets


def points(count: int = 3) -> list[MetricPoint]:
    """Return a loss that falls over so many epochs."""
    return [
        MetricPoint(0, split, "loss", "epoch", epoch * 10, float(epoch), 1.0 / epoch, 0.0)
        for split in ("train", "validation")
        for epoch in range(1, count + 1)
    ]
