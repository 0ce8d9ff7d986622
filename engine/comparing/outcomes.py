"""A run's per-example predictions on the test split, and whether two runs were evaluated on the same examples."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.artifacts import artifacts_of
from engine.errors import TrainyardError
from engine.imports.own_kinds import kind_of_dataset
from engine.runs import Run, RunState
from engine.sentences import word
from engine.targets import same
from engine.tasks.base import tasks

_CUTS = ("validation_fraction", "folds", "fold")
"""Fields of a dataset that divide everything but the test split: they change its hash, not the test examples."""


@dataclass(frozen=True, eq=False)
class Evaluated:
    """A run with a score for each of its test examples, in the order of their positions."""

    run: Run
    positions: np.ndarray
    """(examples,) ascending."""
    targets: Any
    """(examples, ...)"""
    scores: Mapping[str, np.ndarray]
    """For each metric (examples,): see `Task.example_scores`."""

    @property
    def num_examples(self) -> int:
        """Number of test examples."""
        return len(self.positions)


def read_evaluated(run: Run) -> Evaluated:
    """Read the run's per-example predictions. Raise `TrainyardError` with the reason where there are none."""
    _check_ended(run)
    files = artifacts_of(run.id)
    if not files.outcomes.is_file():
        raise TrainyardError(
            "Run {run} has no per-example predictions on the test split, or they were deleted "
            "because runs were over TRAINYARD_DISK_BUDGET_MB. Train it again to compare it example "
            "by example.",
            run=run.id,
        )
    try:
        found = files.read_outcomes("test")
    except OSError as error:
        raise TrainyardError(
            "The per-example predictions of run {run} are damaged. Train it again to compare it example by example.",
            run=run.id,
        ) from error
    if found is None:
        raise TrainyardError("Run {run} has no test examples: its dataset has no test split.", run=run.id)
    order = np.argsort(found.positions)
    task = tasks[run.spec["task"]["name"]]
    scores = found.scores or task.example_scores(found.outputs, found.targets)
    if not scores:
        raise TrainyardError(
            "Task {task!r} does not score single examples, so its runs cannot be compared example by example.",
            task=task.name,
        )
    return Evaluated(run, found.positions[order], found.targets[order], {name: s[order] for name, s in scores.items()})


def _check_ended(run: Run) -> None:
    if run.live:
        raise TrainyardError(
            "Run {run} is {state}: it is evaluated on the test split when it completes.",
            run=run.id,
            state=word(run.state),
        )
    if run.study_id is not None:
        raise TrainyardError(
            "Run {run} is a trial of study {study}: trials are never evaluated on the test split, "
            "because choosing among many would bias the result. Promote it to train a full run with "
            "its values.",
            run=run.id,
            study=run.study_id,
        )
    if run.state is not RunState.COMPLETED:
        raise TrainyardError(
            "Run {run} is {state}: only a completed run is evaluated on the test split.",
            run=run.id,
            state=word(run.state),
        )


def check_same_examples(first: Evaluated, other: Evaluated) -> None:
    """Raise `TrainyardError` unless both were evaluated on the same examples of the same data.

    Another split of the other examples, such as another fold, makes no difference. The same positions after the data
    itself has changed are no longer the same examples.
    """
    one, two = first.run, other.run
    for named in (lambda run: run.spec["task"]["name"], _data_name):
        names = [named(run) for run in (one, two)]
        if names[0] != names[1]:
            raise TrainyardError(
                "Runs {one} and {two} cannot be compared example by example: one is on {first_data!r}, the other on "
                "{other_data!r}.",
                one=one.id,
                two=two.id,
                first_data=names[0],
                other_data=names[1],
            )
    if not np.array_equal(first.positions, other.positions):
        raise TrainyardError(
            "Runs {one} and {two} were not evaluated on the same test examples: the test split was drawn "
            "differently ({num_examples:,} and {other_examples:,} examples).",
            one=one.id,
            two=two.id,
            num_examples=first.num_examples,
            other_examples=other.num_examples,
        )
    if data_changed(one, two) or not same(first.targets, other.targets):
        raise TrainyardError(
            "Runs {one} and {two} were not evaluated on the same test examples: the dataset changed in between.",
            one=one.id,
            two=two.id,
        )


def _data_name(run: Run) -> str:
    """Return the dataset of a run; for imported data the set: two may have equal positions and targets by chance."""
    chosen = run.spec["dataset"]
    kind = kind_of_dataset(chosen["name"])
    return str(chosen.get(kind.field)) if kind else str(chosen["name"])


def data_changed(one: Run, two: Run) -> bool:
    """Return whether the same dataset settings meant other data when the other of two runs was trained."""
    hashes = {run.environment.get("dataset_hash") for run in (one, two)}
    return len(hashes) > 1 and one.spec["dataset"] == two.spec["dataset"]


def _rest(run: Run) -> dict[str, Any]:
    return {name: value for name, value in run.spec["dataset"].items() if name not in _CUTS}


def split_key(run: Run) -> str:
    """Return everything that decides which test examples a run has: equal for runs that share a leaderboard."""
    return json.dumps({"task": run.spec["task"]["name"], **_rest(run)}, sort_keys=True)
