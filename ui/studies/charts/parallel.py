"""Parallel coordinates: a line for each trial."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.search.trials import Trial
from engine.spec import Choices, Range
from engine.studies import Domain
from ui.charts.figures import Figure, plain_layout
from ui.charts.parallel import MARGIN, parallel_fonts
from ui.charts.series import rounded
from ui.studies.charts.axes import COLOURS, number_of, short
from ui.studies.charts.goal import Goal, sample
from ui.words import value_text


def parallel_figure(trials: Sequence[Trial], goal: Goal) -> Figure:
    """A line for each trial through its values, coloured by what it came to. Dragging along an axis selects."""
    look = goal.look
    shown = sample([trial for trial in trials if trial.evaluated], goal)
    colours = COLOURS[goal.theme]
    values = [number_of(goal.value(trial)) for trial in shown]
    dimensions = [
        _with_unused(_dimension(domain, goal.labels[name], [trial.params.get(name) for trial in shown]))
        for name, domain in goal.space.items()
    ]
    dimensions += [
        {"label": short(title), "values": [number_of(trial.values[i]) for trial in shown], "tickformat": form}
        for i, (title, form) in enumerate(zip(goal.titles, goal.formats, strict=True))
    ]
    trace = {
        "type": "parcoords",
        "dimensions": dimensions,
        "line": {
            "color": values,
            "colorscale": [[i / 2, colour] for i, colour in enumerate(colours)],
            "reversescale": not goal.more,
            "showscale": False,
        },
        "unselected": {"line": {"color": look.grid, "opacity": 0.25}},
    } | parallel_fonts(look)
    layout = plain_layout(look) | {"margin": MARGIN, "uirevision": "parallel"}
    return {"data": [trace] if shown else [], "layout": layout}


def _dimension(domain: Domain, label: str, values: list[Any]) -> Figure:
    match domain:
        case Choices(options):
            places = {option: i for i, option in enumerate(options)}
            return {
                "label": short(label),
                "values": [places.get(value) for value in values],
                "tickvals": list(range(len(options))),
                "ticktext": [value_text(option) for option in options],
                "range": [-0.2, max(len(options) - 0.8, 0.2)],
            }
        case Range(low, high, log=log) if log and low < high:
            ticks = np.linspace(np.log10(low), np.log10(high), 5)
            return {
                "label": short(label),
                "values": [None if value is None else rounded(float(np.log10(value))) for value in values],
                "tickvals": [rounded(float(tick)) for tick in ticks],
                "ticktext": [f"{10**tick:.3g}" for tick in ticks],
            }
        case _:
            return {
                "label": short(label),
                "values": [None if value is None else rounded(float(value)) for value in values],
            }


def _with_unused(dimension: Figure) -> Figure:
    """Return an axis on which trials that do not have the hyperparameter pass below all values: a gap cannot be drawn."""
    known = [value for value in dimension["values"] if value is not None]
    if len(known) == len(dimension["values"]):
        return dimension
    low, high = dimension.get("range") or (min(known, default=0.0), max(known, default=1.0))
    ticks = dimension.get("tickvals") or [rounded(float(tick)) for tick in np.linspace(low, high, 5)]
    below = rounded(low - 0.15 * ((high - low) or 1.0))
    return dimension | {
        "values": [below if value is None else value for value in dimension["values"]],
        "tickvals": [below, *ticks],
        "ticktext": ["–", *(dimension.get("ticktext") or [f"{tick:.3g}" for tick in ticks])],
        "range": [below, high],
    }
