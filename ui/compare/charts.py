"""Figures that set runs beside each other: curves, parallel coordinates, two columns against each other, intervals."""

import base64
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from engine.comparing.leaderboard import Leaderboard
from engine.runs import Run
from ui.charts.figures import MAX_POINTS, Figure, plain_axis, plain_layout
from ui.charts.parallel import MARGIN, parallel_fonts
from ui.charts.smoothing import smoothed
from ui.compare.columns import Column
from ui.compare.comparison import Points
from ui.evaluation.baselines import baseline_title
from ui.language import _
from ui.plain import chart_text
from ui.theme import THEMES, Theme, ThemeName
from ui.words import is_share, metric_label, title_of

Axis = Literal["step", "epoch", "time"]
_DASHES = ("solid", "dash", "dot", "dashdot")
_LOW_TO_HIGH: dict[ThemeName, list[list[float | str]]] = {
    "light": [[0, "#B9C4D6"], [0.5, "#5B7FB0"], [1, "#00224E"]],
    "dark": [[0, "#3D4F70"], [0.5, "#9A9B86"], [1, "#FEE838"]],
}
"""More of the metric stands out more, on either ground, and in grey too."""
MAX_DIMENSIONS = 8
"""Largest number of hyperparameters in the parallel coordinates: more axes cannot be distinguished on a screen."""
_MAX_TICKS = 8
_ALL_POINTS = 8_000
"""Most points of all curves together: more cannot be seen, and a browser draws each of them."""


@dataclass(frozen=True)
class Curves:
    """Style of curves: metric, axis, and weight of earlier points in each point (0: none)."""

    metric: str
    axis: Axis = "epoch"
    smoothing: float = 0.0


def run_name(run: Run) -> str:
    """A run in a legend."""
    return chart_text(f"{run.id} · {run.name or title_of(run, 'model')}")


def line_look(i: int, look: Theme) -> dict[str, Any]:
    """Return the colour and dash of the i-th run: two dozen distinct combinations."""
    return {"color": look.extra[i % len(look.extra)], "dash": _DASHES[i // len(look.extra) % len(_DASHES)]}


def compared_curves(runs: Sequence[Run], series: Mapping[int, Points], how: Curves, theme: ThemeName) -> Figure:
    """One line a run; smoothed ones above the faint raw ones."""
    look = THEMES[theme]
    traces: list[Figure] = []
    for i, run in enumerate(runs):
        points = series.get(run.id)
        if points is not None and len(points):
            keep = thinning(len(points), min(MAX_POINTS, _ALL_POINTS // len(runs)))
            traces += _lines(run, points, keep, how, line_look(i, look))
    axes = {"step": _("Step"), "epoch": _("Epoch"), "time": _("Minutes since the start")}
    layout = plain_layout(look) | {
        "uirevision": f"{how.metric}-{how.axis}",
        "xaxis": plain_axis(look) | {"title": {"text": axes[how.axis], "standoff": 6}, "rangemode": "tozero"},
        "yaxis": plain_axis(look) | ({"tickformat": ".0%"} if is_share(how.metric) else {}),
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "hovermode": "closest",
        "showlegend": True,
    }
    return {"data": traces, "layout": layout}


def _lines(run: Run, points: Points, keep: np.ndarray, how: Curves, line: dict[str, Any]) -> list[Figure]:
    x = {"step": points.steps, "epoch": points.epochs, "time": _minutes(run, points)}[how.axis]
    number = "%{y:.2%}" if is_share(how.metric) else "%{y:.4f}"
    few = len(points) <= 60
    common = {"type": "scatter", "x": typed(x[keep]), "legendgroup": str(run.id)}
    shown = common | {
        "mode": "lines+markers" if few else "lines",
        "name": run_name(run),
        "y": typed(smoothed(points.values, how.smoothing)[keep]),
        "line": line | {"width": 2},
        "marker": {"size": 5},
        "hovertemplate": f"{number}<extra>%{{fullData.name}}</extra>",
    }
    if not how.smoothing:
        return [shown]
    raw = {"y": typed(points.values[keep]), "mode": "lines", "opacity": 0.25, "showlegend": False, "hoverinfo": "skip"}
    return [common | raw | {"line": line | {"width": 1, "dash": "solid"}}, shown]


def _minutes(run: Run, points: Points) -> np.ndarray:
    begun = run.started_at.timestamp() if run.started_at else points.times[0]
    minutes: np.ndarray = (points.times - min(begun, points.times[0])) / 60.0
    return minutes


def thinning(count: int, most: int = MAX_POINTS) -> np.ndarray:
    """Return which of `count` points are drawn: every n-th, and always the newest."""
    if count <= most:
        return np.arange(count)
    return np.append(np.arange(0, count - 1, -(-count // (most - 1))), count - 1)


def typed(values: np.ndarray) -> dict[str, str]:
    """Numbers as Plotly reads them fastest: 32 bits each, in base64. NaN is a gap."""
    return {"dtype": "f4", "bdata": base64.b64encode(np.ascontiguousarray(values, "<f4").data).decode("ascii")}


def parallel_figure(columns: Sequence[Column], metric: Column, theme: ThemeName) -> Figure:
    """A line a run through its hyperparameters to what it reached, which is its colour too."""
    look = THEMES[theme]
    known = [i for i, value in enumerate(metric.values) if value is not None]
    reached = [float(metric.values[i]) for i in known]  # type: ignore[arg-type]
    trace = {
        "type": "parcoords",
        "dimensions": [_dimension(column, known) for column in [*columns[:MAX_DIMENSIONS], metric]],
        "line": {"color": reached, "colorscale": _LOW_TO_HIGH[theme], "showscale": False},
    } | parallel_fonts(look)
    layout = plain_layout(look) | {"margin": MARGIN}
    return {"data": [trace], "layout": layout}


def _dimension(column: Column, known: Sequence[int]) -> Figure:
    values = [column.values[i] for i in known]
    label = chart_text(column.label, 22)
    if not column.numeric or any(value is None for value in values):
        words = sorted({_word(value) for value in values})
        places = [words.index(_word(value)) for value in values]
        return {"label": label, "values": places, "tickvals": list(range(len(words))), "ticktext": words}
    numbers = np.array(values, np.float64)
    scaled = np.log10(numbers) if column.log else numbers
    ticks = np.unique(numbers)
    if len(ticks) > _MAX_TICKS:
        ends = np.linspace(scaled.min(), scaled.max(), 5)
        ticks = 10**ends if column.log else ends
    text = [f"{tick:.1%}" if is_share(column.key) else f"{tick:.3g}" for tick in ticks.tolist()]
    where = np.log10(ticks) if column.log else ticks
    return {"label": label, "values": scaled.tolist(), "tickvals": where.tolist(), "ticktext": text}


def _word(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:.4g}" if isinstance(value, float) else chart_text(str(value), 18)


def scatter_figure(runs: Sequence[Run], x: Column, y: Column, theme: ThemeName) -> Figure:
    """A dot a run: what one column says against another."""
    look = THEMES[theme]
    shown = [i for i in range(len(runs)) if x.values[i] is not None and y.values[i] is not None]
    trace = {
        "type": "scatter",
        "mode": "markers+text",
        "x": [_escaped_value(x.values[i]) for i in shown],
        "y": [_escaped_value(y.values[i]) for i in shown],
        "text": [str(runs[i].id) for i in shown],
        "textposition": "top center",
        "customdata": [run_name(runs[i]) for i in shown],
        "marker": {"color": look.train, "size": 10, "line": {"color": look.surface, "width": 1}},
        "hovertemplate": "%{customdata}<br>%{x} · %{y}<extra></extra>",
    }
    layout = plain_layout(look) | {
        "uirevision": f"{x.key}-{y.key}",
        "xaxis": _axis(x, look),
        "yaxis": _axis(y, look),
        "margin": {"l": 8, "r": 8, "t": 16, "b": 8},
        "hovermode": "closest",
    }
    return {"data": [trace], "layout": layout}


def _escaped_value(value: Any) -> Any:
    return chart_text(value) if isinstance(value, str) else value


def _axis(column: Column, look: Theme) -> Figure:
    axis = plain_axis(look) | {"title": {"text": chart_text(column.label), "standoff": 6}, "zeroline": False}
    if not column.numeric:
        return axis | {"type": "category"}
    if column.log:
        return axis | {"type": "log"}
    return axis | ({"tickformat": ".1%"} if is_share(column.key) else {})


def leaderboard_figure(board: Leaderboard, theme: ThemeName) -> Figure:
    """Dots with their intervals, the best at the top; the baseline as a hollow diamond."""
    look = THEMES[theme]
    names = [run_name(place.run) if place.run else chart_text(baseline_title(place.baseline)) for place in board.places]
    parts = (
        (True, _("Trained runs"), {"color": look.train, "symbol": "circle", "size": 9}),
        (False, _("Baseline"), {"color": look.validation, "symbol": "diamond-open", "size": 11, "line": {"width": 2}}),
    )
    traces = []
    for trained, title, marker in parts:
        rows = [i for i, place in enumerate(board.places) if (place.run is not None) is trained]
        places = [board.places[i] for i in rows]
        if not rows:
            continue
        above = [0.0 if place.high is None else place.high - place.value for place in places]
        below = [0.0 if place.low is None else place.value - place.low for place in places]
        number = "%{x:.2%}" if is_share(board.metric) else "%{x:.4~g}"
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": title,
                "x": [place.value for place in places],
                "y": [names[i] for i in rows],
                "error_x": {
                    "type": "data", "symmetric": False, "array": above, "arrayminus": below,
                    "color": marker["color"], "thickness": 1.5, "width": 4,
                },
                "marker": marker,
                "hovertemplate": f"%{{y}}: {number}<extra></extra>",
            }
        )  # fmt: skip
    layout = plain_layout(look) | {
        "xaxis": plain_axis(look)
        | {"title": {"text": metric_label(board.metric), "standoff": 6}, "zeroline": False}
        | ({"tickformat": ".1%"} if is_share(board.metric) else {}),
        "yaxis": plain_axis(look) | {"type": "category", "categoryorder": "array", "categoryarray": names[::-1]},
        "margin": {"l": 8, "r": 16, "t": 8, "b": 8},
        "hovermode": "closest",
        "showlegend": len(traces) > 1,
    }
    return {"data": traces, "layout": layout}


def curves_height(count: int) -> int:
    """Pixels that leave `count` curves their room above the legend."""
    return 400 + 22 * math.ceil(count / 8)
