"""The score of a run on hidden examples: each metric that follows from single examples, with its interval.

Nothing but these figures leaves this module: neither an example nor what the network made of it.
"""

from collections.abc import Callable

import numpy as np

from engine.artifacts import artifacts_of
from engine.comparing.intervals import interval
from engine.datasets.base import Examples
from engine.errors import TrainyardError
from engine.imports.own_kinds import own_kind
from engine.imports.sets import describe_set
from engine.preparation.prepare import codec_of
from engine.runs import Run
from engine.store.classrooms import Assignment
from engine.store.submissions import Score

Ask = Callable[[int, np.ndarray], np.ndarray]
"""Number of a run, and a batch of inputs (examples, ...) as datasets have them -> outputs (examples, outputs)."""
_PORTION, _PORTION_BYTES = 512, 8_000_000


class Unlike(TrainyardError):  # noqa: N818  # an answer, said in a sentence
    """The hidden examples are not like the data that a run was trained on."""


def score(run: Run, assignment: Assignment, ask: Ask) -> tuple[dict[str, Score], int]:
    """Return what a run scores on the hidden set of an assignment, by metric, and the number of examples.

    Raises `Unlike` where the run has nothing to say of the hidden set. Other errors may tell of hidden examples.
    """
    spec, info = run.parsed(), artifacts_of(run.id).read_info()
    field = own_kind(describe_set(assignment.hidden).kind).field
    dataset = spec.dataset.model_copy(update={field: assignment.hidden})
    examples = dataset.load()
    if info is None or tuple(info.labels) != tuple(examples.labels):
        raise Unlike(
            "The network of run {run} knows other classes than the hidden examples have. It was not scored.", run=run.id
        )
    outputs = _outputs(run.id, examples, ask)
    stored = codec_of(dataset).store(examples.targets, len(examples.inputs))
    truth = spec.task.truth(examples.inputs, stored)
    metrics = spec.task.evaluate(outputs, truth, info)["metrics"]
    scores = spec.task.example_scores(outputs, truth)
    found = {
        name: Score(float(metrics[name]), *interval(name, scores[name]))
        for name in scores
        if metrics.get(name) is not None
    }
    return found, len(examples.inputs)


def _outputs(run_id: int, examples: Examples, ask: Ask) -> np.ndarray:
    """Ask for a portion at a time: a request has a time limit."""
    size = max(1, examples.inputs[:1].nbytes)
    step = max(1, min(_PORTION, _PORTION_BYTES // size))
    parts = [ask(run_id, examples.inputs[start : start + step]) for start in range(0, len(examples.inputs), step)]
    return np.concatenate(parts)
