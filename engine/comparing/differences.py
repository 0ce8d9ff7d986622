"""The columns of a comparison: hyperparameters of runs, those in which they differ, and metrics at an epoch."""

from collections.abc import Mapping, Sequence
from typing import Any

from engine.models.base import models
from engine.runs import SECTIONS, Run

Place = tuple[str, str]
"""Section and field of a spec; the field `name` says which part was chosen."""


def flat_spec(run: Run) -> dict[Place, Any]:
    """Return every value of a run's spec by its place, including parts that are no longer registered; none that its model has no
    use for."""
    parts = {section: run.spec.get(section) or {} for section in SECTIONS}
    model = parts["model"].get("name", "")
    unused = models[model].unused if model in models else frozenset()
    return {
        (section, name): value
        for section, part in parts.items()
        for name, value in part.items()
        if section not in unused and (name not in unused or section == "model")
    }


def hyperparameters(runs: Sequence[Run], *, different: bool = True) -> dict[Place, list[Any]]:
    """Return each run's value by place, None where it has none; with `different` only places where they are not all equal."""
    flat = [flat_spec(run) for run in runs]
    places = dict.fromkeys(place for values in flat for place in values)
    found = {place: [values.get(place) for values in flat] for place in places}
    if not different:
        return found
    return {place: values for place, values in found.items() if any(value != values[0] for value in values)}


def tested_metrics(run: Run) -> dict[str, float]:
    """Return what the run reached on the test examples, by metric."""
    return {n.removeprefix("test_"): v for n, v in run.result.items() if n.startswith("test_") and _number(v)}


def baseline_metrics(run: Run) -> dict[str, float]:
    """Return what the baseline reaches, with the metric names of a run: `test_accuracy`, `val_accuracy`."""
    found: dict[str, float] = {}
    for name, value in run.result.items():
        if name.startswith("baseline_") and _number(value):
            rest = name.removeprefix("baseline_")
            validation = rest.startswith("validation_")
            found[f"val_{rest.removeprefix('validation_')}" if validation else f"test_{rest}"] = float(value)
    return found


def last_metrics(run: Run, history: Mapping[str, Sequence[float | None]]) -> dict[str, float]:
    """Return the values of the last epoch, as `Run.best` has those of the best. A fork counts on from its parent's epoch."""
    epochs = max((len(values) for values in history.values()), default=0)
    values = {name: values[-1] for name, values in history.items() if values and values[-1] is not None}
    return {"epoch": float(epochs + (run.parent_epoch or 0)), **values} if epochs else {}


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
