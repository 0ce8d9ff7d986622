"""Histogram of values."""

import numpy as np

from ui.charts.figures import Figure, plain_axis, plain_layout
from ui.charts.series import rounded
from ui.plain import chart_text
from ui.theme import THEMES, ThemeName


def histogram(values: np.ndarray, title: str, theme: ThemeName, *, bins: int = 30) -> Figure:
    """Count the values (examples,) in each of `bins` equal steps."""
    look = THEMES[theme]
    counts, edges = np.histogram(values, bins)
    trace = {
        "type": "bar",
        "x": [rounded(float(x)) for x in (edges[:-1] + edges[1:]) / 2],
        "y": counts.tolist(),
        "width": [rounded(float(w)) for w in np.diff(edges)],
        "marker": {"color": look.train, "line": {"color": look.surface, "width": 1}},
        "hovertemplate": "%{x:,.4~g}: %{y:,}<extra></extra>",
    }
    layout = plain_layout(look) | {
        "showlegend": False,
        "xaxis": plain_axis(look) | {"title": {"text": chart_text(title), "standoff": 6}, "fixedrange": True},
        "yaxis": plain_axis(look) | {"fixedrange": True, "nticks": 4},
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "hovermode": "closest",
    }
    return {"data": [trace], "layout": layout}
