"""The test examples that two runs answer most differently."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.artifacts import artifacts_of
from engine.comparing.outcomes import check_same_examples, read_evaluated
from engine.errors import TrainyardError
from engine.runs import Run
from engine.tasks.base import Prediction


@dataclass(frozen=True)
class Apart:
    """Examples, the most different first, and what each of two runs answers."""

    positions: tuple[int, ...]
    """In the prepared dataset."""
    answers: tuple[Sequence[Prediction], Sequence[Prediction]]
    """Of the one and of the other run, one for each position."""
    metric: str
    """The score by which they differ."""


def examples_apart(one: Run, two: Run, most: int) -> Apart:
    """Return at most `most` examples whose scores differ. Raise `TrainyardError` where the runs cannot be compared."""
    first, other = read_evaluated(one), read_evaluated(two)
    check_same_examples(first, other)
    metric = next(name for name in first.scores if name in other.scores)
    gaps = np.abs(np.asarray(first.scores[metric], float) - np.asarray(other.scores[metric], float))
    rows = np.argsort(-gaps, kind="stable")[:most]
    rows = rows[gaps[rows] > 0]
    return Apart(tuple(first.positions[rows].tolist()), (_answers(one, rows), _answers(two, rows)), metric)


def _answers(run: Run, rows: np.ndarray) -> Sequence[Prediction]:
    """Return the typed predictions of some test examples, by their place in the order of positions."""
    files = artifacts_of(run.id)
    found, info = files.read_outcomes("test"), files.read_info()
    if found is None or info is None or len(found.outputs) != len(found.positions):
        raise TrainyardError("The answers of run {run} were too large to be kept, or were deleted.", run=run.id)
    return run.parsed().task.predictions(found.outputs[np.argsort(found.positions)[rows]], info)
