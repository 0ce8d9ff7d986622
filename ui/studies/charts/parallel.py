"""Parallel coordinates: a line for each trial."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.search.trials import Trial
from engine.spec import Choices, Range
from engine.studies import Domain
from ui.charts.figures import Figure, plain_layout
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
        _dimension(domain, goal.labels[name], [trial.params[name] for trial in shown])
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
        "labelfont": {"color": look.text, "size": 12},
        "tickfont": {"color": look.text, "size": 11},
        "rangefont": {"color": "rgba(0,0,0,0)", "size": 1},
        "labelangle": -12,
        "unselected": {"line": {"color": look.grid, "opacity": 0.25}},
    }
    layout = plain_layout(look) | {"margin": {"l": 64, "r": 64, "t": 84, "b": 24}, "uirevision": "parallel"}
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
                "values": [rounded(float(np.log10(value))) for value in values],
                "tickvals": [rounded(float(tick)) for tick in ticks],
                "ticktext": [f"{10**tick:.3g}" for tick in ticks],
            }
        case _:
            return {"label": short(label), "values": [rounded(float(value)) for value in values]}
