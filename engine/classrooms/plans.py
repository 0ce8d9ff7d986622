"""What lecturers and members write: a planned assignment, titles, ends, limits and names on the leaderboard."""

import time
from dataclasses import dataclass
from typing import Any

from engine.datasets.base import datasets
from engine.errors import TrainyardError, unknown_name
from engine.imports.own_kinds import kind_of_dataset
from engine.models.base import models
from engine.naming import clean_name, clean_note
from engine.runs import RunSpec

_MOST = 1_000_000
_LONGEST_NICKNAME = 40
LIMITED = ("device_minutes", "at_once", "queued")
"""Parts of a budget that a classroom may limit."""


@dataclass(frozen=True)
class Plan:
    """An assignment as a lecturer plans it."""

    title: str
    dataset: str
    """Name of the dataset."""
    reference: str = ""
    """The imported set that it reads; empty for a dataset of the program."""
    task: str = ""
    """Empty: the usual one of the data."""
    hidden_share: float = 0.0
    """Share of the examples that members never see, on which what they submit is ranked; 0: no leaderboard."""
    models: tuple[str, ...] = ()
    """Models that may be submitted; empty: all."""
    a_day: int | None = None
    """Submissions that one member may make a day; None: as the settings say."""


def texts(title: str, note: str) -> dict[str, Any]:
    """Return title and note as they are kept."""
    clean = clean_name(title)
    if not clean:
        raise TrainyardError("A classroom needs a title.")
    return {"title": clean, "note": clean_note(note)}


def limits_of(limits: dict[str, float]) -> dict[str, float]:
    """Return the parts of a budget that a classroom limits. Raises `TrainyardError` for others, and for numbers that cannot be."""
    for name, value in limits.items():
        if name not in LIMITED:
            raise unknown_name("limit", name, LIMITED)
        if not 0 <= value <= _MOST:
            raise TrainyardError(
                "{name} cannot be {value:g}; it is a number from 0 (no limit) to {most:,}.",
                name=name,
                value=value,
                most=_MOST,
            )
    return limits


def end_of(ends_at: float) -> float:
    """Return when a classroom ends, which lies ahead."""
    if ends_at <= time.time():
        raise TrainyardError("The end of a classroom lies in the future. Choose a later day.")
    return ends_at


def nickname_of(text: str) -> str:
    """Return the name of a member on the leaderboards as it is kept."""
    return clean_name(text)[:_LONGEST_NICKNAME]


def planned(plan: Plan) -> RunSpec:
    """Return the spec of a run with the data of an assignment. Raises `TrainyardError` where data, task and models do not fit."""
    if plan.dataset not in datasets:
        raise unknown_name("dataset", plan.dataset, datasets)
    values: dict[str, Any] = {"dataset": plan.dataset} | ({"task": plan.task} if plan.task else {})
    if plan.reference:
        kind = kind_of_dataset(plan.dataset)
        if kind is None:
            raise TrainyardError("The dataset {dataset!r} reads no imported set.", dataset=plan.dataset)
        values[kind.field] = plan.reference
    for name in plan.models:
        if name not in models:
            raise unknown_name("model", name, models)
        RunSpec.build(values | {"model": name})
    return RunSpec.build(values | ({"model": plan.models[0]} if plan.models else {}))
