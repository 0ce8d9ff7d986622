"""Contour plot of an objective over two hyperparameters."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.search.trials import Trial
from engine.spec import Choices, Range
from engine.studies import Domain
from ui.charts.figures import Figure, plain_axis, plain_layout
from ui.charts.series import rounded
from ui.language import _
from ui.studies.charts.axes import COLOURS, layout_of, places_of, scale_of
from ui.studies.charts.goal import Goal, sample

_CELLS = 28  # of a contour, in each direction


def contour_figure(trials: Sequence[Trial], goal: Goal, across: str, up: str) -> Figure:
    """Return the result of trials by two hyperparameters: between them it is estimated, nearer trials counting more."""
    look = goal.look
    shown = sample([t for t in trials if t.evaluated and {across, up} <= t.params.keys()], goal)
    if not shown:
        return {"data": [], "layout": plain_layout(look)}
    axes = [goal.space[across], goal.space[up]]
    points = [
        np.array([share_of(axis, trial.params[n]) for trial in shown])
        for axis, n in zip(axes, (across, up), strict=True)
    ]
    ticks = [_grid(axis) for axis in axes]
    shares = [np.array([share_of(axis, value) for value in values]) for axis, values in zip(axes, ticks, strict=True)]
    values = np.array([goal.value(trial) for trial in shown], float)
    far = (shares[0][None, :, None] - points[0]) ** 2 + (shares[1][:, None, None] - points[1]) ** 2
    weights = 1 / (far + 1e-3)
    surface = (weights @ values) / weights.sum(axis=2)
    discrete = any(isinstance(axis, Choices) for axis in axes)
    area = {
        "type": "heatmap" if discrete else "contour",
        "x": places_of(axes[0], ticks[0]),
        "y": places_of(axes[1], ticks[1]),
        "z": [[rounded(float(cell)) for cell in row] for row in surface],
        "colorscale": [[i / 2, colour] for i, colour in enumerate(COLOURS[goal.theme])],
        "reversescale": not goal.more,
        "colorbar": {"title": {"text": goal.title, "side": "right"}, "tickformat": goal.format, "thickness": 14},
        "hoverinfo": "skip",
    }
    dots = {
        "type": "scatter",
        "mode": "markers",
        "x": places_of(axes[0], [trial.params[across] for trial in shown]),
        "y": places_of(axes[1], [trial.params[up] for trial in shown]),
        "text": [f"{_('Trial')} {trial.number}" for trial in shown],
        "customdata": [trial.run.id for trial in shown],
        "marker": {
            "color": values.round(6).tolist(),
            "colorscale": area["colorscale"],
            "reversescale": not goal.more,
            "size": 9,
            "line": {"color": look.text, "width": 1},
        },
        "cliponaxis": False,
        "hovertemplate": f"%{{x}}, %{{y}}: %{{marker.color:{goal.format}}}<extra>%{{text}}</extra>",
    }
    layout = layout_of(goal, goal.labels[across], f"contour-{across}-{up}") | {"showlegend": False}
    layout["xaxis"] |= scale_of(axes[0]) | {"showgrid": False}
    layout["yaxis"] = plain_axis(look) | {"title": {"text": goal.labels[up]}, "showgrid": False} | scale_of(axes[1])
    return {"data": [area, dots], "layout": layout}


def share_of(domain: Domain, value: Any) -> float:
    """Return the place of a value between the ends of its domain; with a narrowed domain it may be beyond them."""
    match domain:
        case Choices(options):
            return options.index(value) / max(1, len(options) - 1) if value in options else 0.0
        case Range(low, high) if low == high:
            return 0.0
        case Range(low, high, log=log):
            scale = np.log if log else float
            return float((scale(value) - scale(low)) / (scale(high) - scale(low)))


def _grid(domain: Domain) -> list[Any]:
    match domain:
        case Choices(options):
            return list(options)
        case Range(low, high, log=log):
            return [float(f"{value:.6g}") for value in (np.geomspace if log else np.linspace)(low, high, _CELLS)]
