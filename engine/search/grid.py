"""The values that a grid combines: computed without Optuna, so that a page can say how many there are."""

import math
from itertools import chain
from typing import Any

import numpy as np

from engine.errors import TrainyardError
from engine.search.space import products, space_size
from engine.spec import Choices
from engine.studies import Domain, StudySpec

GRID_POINTS = 5
"""Maximum number of values of a number that a grid tries."""
MOST_COMBINATIONS = 10_000


def grid(spec: StudySpec) -> dict[str, list[Any]]:
    """Return the values of each hyperparameter that a grid combines. Raise `TrainyardError` for too many combinations."""
    check_grid(spec)
    (points,) = _points(spec)
    return points


def grid_combinations(spec: StudySpec) -> list[dict[str, Any]]:
    """Return each combination of a grid. Raise `TrainyardError` for too many."""
    check_grid(spec)
    return [*chain.from_iterable(map(products, _points(spec)))]


def check_grid(spec: StudySpec) -> None:
    """Raise `TrainyardError` where a grid would have too many combinations; other samplers have no such limit."""
    if spec.search.sampler == "grid" and (count := combinations(spec)) > MOST_COMBINATIONS:
        raise TrainyardError(
            "A grid over {space} hyperparameters has {count:,} combinations, more than "
            "{most_combinations:,}. Vary fewer, narrow their ranges, or choose another sampler.",
            space=len(spec.space),
            count=count,
            most_combinations=MOST_COMBINATIONS,
        )


def combinations(spec: StudySpec) -> int:
    """Return how many trials a grid has."""
    return sum(math.prod(map(len, points.values())) for points in _points(spec))


def most_trials(spec: StudySpec) -> int:
    """Return how many trials there will be, unless something ends the study early or values are enqueued."""
    there = combinations(spec) if spec.search.sampler == "grid" else space_size(spec)
    return int(min(spec.search.trials, there))


def _points(spec: StudySpec) -> list[dict[str, list[Any]]]:
    """Return the values that are combined, for each model that trials may have."""
    fields = spec.fields()
    return [{name: grid_points(domain, fields[name].type) for name, domain in space.items()} for space in spec.spaces()]


def grid_points(domain: Domain, kind: type) -> list[Any]:
    """Return all choices, and all numbers where they are few, otherwise some at equal distances."""
    if isinstance(domain, Choices):
        return list(domain.options)
    if domain.low == domain.high:
        return [kind(domain.low)]
    if kind is int and domain.high - domain.low < GRID_POINTS:
        return list(range(int(domain.low), int(domain.high) + 1))
    if domain.step and not domain.log and (count := round((domain.high - domain.low) / domain.step) + 1) <= GRID_POINTS:
        return [kind(round(domain.low + i * domain.step, 10)) for i in range(count)]
    spaced = np.geomspace if domain.log else np.linspace
    values = [
        kind(f"{value:.10g}") if kind is float else round(value)
        for value in spaced(domain.low, domain.high, GRID_POINTS)
    ]
    return list(dict.fromkeys(values))
