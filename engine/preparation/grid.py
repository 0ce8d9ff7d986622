"""The grid of inputs whose answers are drawn as a map while a network trains: its decision surface."""

from dataclasses import dataclass

import numpy as np

from engine.preparation.prepare import PreparedDataset
from engine.probes import Map
from engine.settings import settings
from engine.tasks.base import Task

_MOST_LEARNED, _MOST_SHOWN = 5_000, 200  # training examples that the plane is laid through, validation examples on it


@dataclass(frozen=True)
class Grid:
    """What is drawn, and the inputs (points * points, ...) that are answered for it."""

    map: Map
    inputs: np.ndarray


def grid_of(data: PreparedDataset, task: Task) -> Grid | None:
    """Return the grid for a dataset, the same each time; None where its inputs or answers cannot be drawn as a map."""
    points, modality = settings().probe_grid, data.modality
    rng = np.random.default_rng(0)
    learned = rng.permutation(data.indices("train"))[:_MOST_LEARNED]
    if not points or type(task).heights is Task.heights:
        return None
    if modality.numbers(np.asarray(data.inputs[learned[:1]])).shape[1] < 2:
        return None
    inputs = np.asarray(data.inputs[np.sort(learned)])
    plane = modality.plane(inputs, data.info)
    if plane is None:
        return None
    shown = np.sort(rng.permutation(data.indices("validation"))[:_MOST_SHOWN])
    places = plane.places(modality.numbers(np.asarray(data.inputs[shown])))
    found = Map(
        points,
        plane.low.tolist(),
        plane.high.tolist(),
        list(plane.columns),
        list(plane.shares),
        np.round(places, 6).tolist(),
        [float(target) for target in data.targets[shown]],
    )
    return Grid(found, modality.from_numbers(plane.grid(points), inputs))
