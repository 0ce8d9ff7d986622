"""What is known of a run when its report is written. Everything but the run may be missing."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.advice.findings import Headline
from engine.artifacts import Outcomes
from engine.metrics import metric_named
from engine.preparation.prepare import PreparedDataset
from engine.runs import Run, RunSpec
from engine.sentences import Sentence
from engine.tasks.base import Task

if TYPE_CHECKING:
    from engine.store import MetricPoint


@dataclass(frozen=True)
class Subject:
    """A run with what it left."""

    run: Run
    spec: RunSpec | None = None
    """None where a part of it is no longer known."""
    headline: Headline | None = None
    """None while it goes on."""
    points: "Sequence[MetricPoint]" = ()
    evaluation: Mapping[str, Any] = field(default_factory=dict)
    """By split."""
    outcomes: Outcomes | None = None
    """Its answers to the examples of `split`."""
    prepared: PreparedDataset | None = None
    """Its data as it was when it trained."""
    withheld: Sentence | None = None
    """Why no examples are shown, where that is so."""

    @property
    def task(self) -> Task | None:
        """The task, where it is still known."""
        return self.spec.task if self.spec else None

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metrics that its task declares."""
        return self.task.metric_names() if self.task else ()

    @property
    def split(self) -> str:
        """The split that counts: the test split if it was evaluated on it; empty where it was not evaluated."""
        return next((split for split in ("test", "validation") if self.evaluation.get(split)), "")

    @property
    def evaluated(self) -> Mapping[str, Any]:
        """The evaluation on that split."""
        found: Mapping[str, Any] = self.evaluation.get(self.split) or {}
        return found

    def scores(self) -> dict[str, np.ndarray]:
        """Return (examples,) scores by metric, of those metrics that single examples have a score for."""
        if self.outcomes is None or self.task is None:
            return {}
        found = self.outcomes.scores or self.task.example_scores(self.outcomes.outputs, self.outcomes.targets)
        return {
            name: np.asarray(values, np.float64)
            for name, values in found.items()
            if len(values) and metric_named(name).over != "whole"
        }

    def series(self) -> dict[tuple[str, str, str], tuple[list[float], list[float | None]]]:
        """Return epochs and values of each series by split, name and scope."""
        found: dict[tuple[str, str, str], tuple[list[float], list[float | None]]] = defaultdict(lambda: ([], []))
        for point in self.points:
            epochs, values = found[point.split, point.name, point.scope]
            epochs.append(point.epoch)
            values.append(point.value)
        return dict(found)
