"""Forecasts: the past, what is told of the future with its band, and the simple forecasts beside it."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ui.charts.figures import Figure, plain_axis, plain_layout
from ui.charts.series import rounded
from ui.language import _
from ui.plain import chart_text
from ui.theme import THEMES, Theme, ThemeName

Values = Mapping[str, Any]
_BAND = 0.22


def step_words(step: str) -> str:
    """Return the title of an axis that counts steps."""
    words = {
        "minute": _("Minutes from the last value"),
        "hour": _("Hours from the last value"),
        "day": _("Days from the last value"),
        "week": _("Weeks from the last value"),
        "month": _("Months from the last value"),
        "quarter": _("Quarters from the last value"),
        "year": _("Years from the last value"),
    }
    return words.get(step) or _("Steps from the last value")


def forecast_figure(values: Values, theme: ThemeName, truth: Sequence[float] = ()) -> Figure:
    """A prediction as the task gives it; `truth` where it is known."""
    look = THEMES[theme]
    past, told = values["history"], values["forecast"]
    before = list(range(1 - len(past), 1))
    after = list(range(len(told) + 1))  # lines begin at the last known value
    last = past[-1:]
    traces = [_line(_("Past"), before, past, look.text)]
    if values.get("low"):
        traces += _band(values, [0, *after[1:]], last, look)
    traces.append(_line(_("Forecast"), after, [*last, *told], look.train, width=3))
    traces.append(_line(_("One season before"), after, [*last, *values["seasonal"]], look.validation, dash="dot"))
    traces.append(_line(_("Drift"), after, [*last, *values["drift"]], look.best, dash="dash"))
    if len(truth):
        traces.append(_line(_("True values"), after, [*last, *truth], look.text, dash="dot", width=2))
    return {"data": traces, "layout": _layout(look, step_words(values["step"]), values["target"])}


def ahead_figure(evaluated: Values, theme: ThemeName) -> Figure:
    """The error by the number of steps ahead, beside the simple forecasts."""
    look = THEMES[theme]
    ahead = evaluated["ahead"]
    steps = list(range(1, len(ahead["network"]) + 1))
    return {
        "data": _compared(ahead, steps, look),
        "layout": _layout(look, step_words(evaluated["timeline"]["step"]), "MASE", zero=True),
    }


def origins_figure(evaluated: Values, theme: ThemeName) -> Figure:
    """The error of the forecast from each origin, the latest last, beside the simple forecasts."""
    look = THEMES[theme]
    found = evaluated["by_origin"]
    return {
        "data": _compared(found, list(range(1, len(found["network"]) + 1)), look),
        "layout": _layout(look, _("Origin of the forecast"), "MASE", zero=True),
    }


def visible_figure(visible: np.ndarray, names: Sequence[str], window: int, step: str, theme: ThemeName) -> Figure:
    """Which cells of an example a network sees: (steps, channels) bool."""
    look = THEMES[theme]
    steps = [i - window + 1 for i in range(len(visible))]
    cells = {
        "type": "heatmap",
        "x": steps,
        "y": [chart_text(name, 24) for name in names],
        "z": visible.T.astype(int).tolist(),
        "zmin": 0,
        "zmax": 1,
        "colorscale": [[0, look.grid], [1, look.train]],
        "showscale": False,
        "xgap": 1,
        "ygap": 2,
        "hovertemplate": "%{y}: %{x}<extra></extra>",
    }
    layout = _layout(look, step_words(step), "")
    layout["yaxis"] |= {"autorange": "reversed", "type": "category", "title": {"text": ""}}
    return {"data": [cells], "layout": layout | {"showlegend": False, "hovermode": "closest"}}


def series_figure(
    lines: Mapping[str, tuple[Sequence[float], Sequence[float]]], x: str, y: str, theme: ThemeName
) -> Figure:
    """Some series by their names: places and values."""
    look = THEMES[theme]
    colours = (look.text, look.train, look.validation, look.best, *look.extra)
    traces = [
        _line(chart_text(name, 24), places, values, colours[i % len(colours)])
        for i, (name, (places, values)) in enumerate(lines.items())
    ]
    return {"data": traces, "layout": _layout(look, x, y)}


def _compared(found: Values, x: list[int], look: Theme) -> list[Figure]:
    return [
        _line(_("Network"), x, found["network"], look.train, width=3),
        _line(_("One season before"), x, found["seasonal"], look.validation, dash="dot"),
        _line(_("Drift"), x, found["drift"], look.best, dash="dash"),
    ]


def _band(values: Values, x: list[int], last: Sequence[float], look: Theme) -> list[Figure]:
    name = _("{level:.0%} band").format(level=values["level"])
    plain = {
        "type": "scatter",
        "mode": "lines",
        "x": x,
        "line": {"width": 0, "color": look.train},
        "legendgroup": "band",
    }
    low = plain | {"name": _("Lower end"), "y": _rounded([*last, *values["low"]]), "showlegend": False}
    filled = {"fill": "tonexty", "fillcolor": _faint(look.train), "name": name}
    return [low, plain | {"y": _rounded([*last, *values["high"]])} | filled]


def _line(
    name: str, x: Sequence[float], y: Sequence[float], colour: str, *, dash: str = "solid", width: float = 2
) -> Figure:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": list(x),
        "y": _rounded(y),
        "line": {"color": colour, "dash": dash, "width": width},
    }


def _layout(look: Theme, x: str, y: str, *, zero: bool = False) -> Figure:
    across = plain_axis(look) | {"title": {"text": x, "standoff": 6}, "zeroline": True}
    up = plain_axis(look) | {"title": {"text": chart_text(y, 32)}} | ({"rangemode": "tozero"} if zero else {})
    return plain_layout(look) | {"xaxis": across, "yaxis": up, "showlegend": True}


def _faint(colour: str) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{_BAND})"


def _rounded(values: Sequence[float]) -> list[float]:
    return [rounded(float(value)) for value in values]
