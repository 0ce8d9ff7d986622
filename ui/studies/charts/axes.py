"""Axes, colours and hovers of the charts of a study."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.search.trials import Trial
from engine.spec import Choices, Range
from engine.studies import Domain
from ui.charts.figures import SHARES, Figure, plain_axis, plain_layout
from ui.charts.series import rounded
from ui.studies.charts.goal import Goal
from ui.theme import ThemeName
from ui.words import choice_words, value_text

COLOURS: dict[ThemeName, tuple[str, ...]] = {
    "light": ("#C9D6E4", "#2E86C1", "#0B3A63"),
    "dark": ("#3A4456", "#2A82C0", "#CFEAFF"),
}
"""From the worst to the best value; each step also differs in lightness."""


def layout_of(goal: Goal, x_title: str, what: str) -> Figure:
    """Return the layout that most charts share."""
    look = goal.look
    return plain_layout(look) | {
        "uirevision": what,
        "hovermode": "closest",
        "margin": {"l": 8, "r": 8, "t": 12, "b": 36},
        "xaxis": plain_axis(look) | {"title": {"text": x_title, "standoff": 6}},
        "yaxis": plain_axis(look)
        | {"title": {"text": goal.title}, "tickformat": goal.format}
        | (SHARES if "%" in goal.format else {}),
    }


def scale_of(domain: Domain) -> Figure:
    """Return how the axis of a hyperparameter is scaled."""
    match domain:
        case Choices(options):
            return {"type": "category", "categoryorder": "array", "categoryarray": [value_text(o) for o in options]}
        case Range(log=True):
            return {"type": "log", "dtick": 1, "tickformat": "~g"}
        case _:
            return {}


def places_of(domain: Domain, values: Sequence[Any]) -> list[Any]:
    """Values on an axis: numbers, or the words for choices."""
    words = choice_words(domain)
    return [words.get(value, str(value)) if words else rounded(float(value)) for value in values]


def number_of(value: float | None) -> float | None:
    """Return a value as JSON takes it: None for what is not a finite number."""
    return None if value is None or not np.isfinite(value) else rounded(float(value))


def hovers_of(trials: Sequence[Trial], goal: Goal, most: int = 8) -> list[str]:
    """The values of each trial, a line for each hyperparameter."""
    words = {name: choice_words(domain) for name, domain in goal.space.items()}
    return [
        "<br>".join(
            f"{goal.labels[name]}: {words[name].get(v) or (f'{v:.4g}' if isinstance(v, float) else v)}"
            for name, v in [*trial.params.items()][:most]
        )
        for trial in trials
    ]


def short(text: str, most: int = 22) -> str:
    """Return a text cut to what an axis has room for."""
    return text if len(text) <= most else text[: most - 1] + "…"
