"""The objectives of trials, and which direction is better."""

from dataclasses import dataclass
from typing import Literal

from engine.errors import TrainyardError, unknown_name
from engine.tasks.base import Task

Direction = Literal["maximize", "minimize"]


DIRECTIONS: tuple[Direction, ...] = ("maximize", "minimize")


@dataclass(frozen=True)
class Objective:
    """A quantity by which trials are compared."""

    name: str
    title: str
    maximize: bool
    help: str
    key: str = ""
    """Its key in the result of a run."""


QUALITY = "quality"
"""The objective of the task itself, on the validation split, in the best epoch."""


OBJECTIVES: dict[str, Objective] = {
    made.name: made
    for made in (
        Objective(
            QUALITY,
            "Quality",
            True,
            "The metric that decides which epoch is best, such as accuracy on the validation split.",
        ),
        Objective("parameters", "Parameters", False, "Number of weights of the network: its size.", "num_parameters"),
        Objective(
            "latency",
            "Latency",
            False,
            "Milliseconds that the network takes for one example on this CPU.",
            "latency_ms",
        ),
        Objective("seconds", "Training time", False, "Seconds of training until the trial ended by itself.", "seconds"),
    )
}
"""By name. The direction of the quality is the task's."""


def own_direction(name: str, task: Task) -> Direction:
    """Return the direction in which an objective is better by default."""
    return "maximize" if (task.maximize if name == QUALITY else OBJECTIVES[name].maximize) else "minimize"


def known_objective(name: str) -> str:
    if name not in OBJECTIVES:
        raise unknown_name("objective", name, OBJECTIVES)
    return name


def known_direction(words: str) -> Direction:
    """Return one of `DIRECTIONS`. Raise `TrainyardError` for anything else."""
    for direction in DIRECTIONS:
        if words == direction:
            return direction
    raise unknown_name("direction", words, DIRECTIONS)


def parse_objective(text: str) -> tuple[str, Direction | None]:
    """Read `latency`, or `latency:maximize` for a direction other than its own."""
    name, colon, words = text.partition(":")
    return name.strip(), known_direction(words.strip()) if colon else None


def asked_direction(name: str, words: str, objectives: tuple[str, ...]) -> Direction:
    if name not in objectives:
        raise TrainyardError(
            "{name!r} has a direction but is not an objective of this study. Add the objective, or "
            "remove its direction.",
            name=name,
        )
    return known_direction(words)
