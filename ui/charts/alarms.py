"""A probability on a line from never to surely, with the part that is an alarm."""

from collections.abc import Mapping
from typing import Any

from ui.charts.figures import Figure, plain_axis, plain_layout
from ui.theme import THEMES, ThemeName

_BAND = 0.22


def alarm_figure(values: Mapping[str, Any], theme: ThemeName) -> Figure:
    """The probability as a mark; the band of alarms begins at the threshold."""
    look = THEMES[theme]
    failing, threshold = float(values["failing"]), float(values["threshold"])
    mark = {
        "type": "scatter",
        "mode": "markers",
        "x": [round(failing, 5)],
        "y": [0],
        "marker": {
            "size": 18,
            "color": look.validation if failing > threshold else look.train,
            "line": {"width": 2, "color": look.text},
        },
        "cliponaxis": False,
        "hovertemplate": "%{x:.2%}<extra></extra>",
    }
    band = {
        "type": "rect", "xref": "x", "yref": "paper", "x0": threshold, "x1": 1, "y0": 0, "y1": 1,
        "fillcolor": look.validation, "opacity": _BAND, "line": {"width": 0}, "layer": "below",
    }  # fmt: skip
    layout = plain_layout(look) | {
        "showlegend": False,
        "shapes": [band],
        "xaxis": plain_axis(look) | {"range": [-0.02, 1.02], "tickformat": ".0%", "fixedrange": True},
        "yaxis": plain_axis(look) | {"visible": False, "range": [-1, 1], "fixedrange": True},
        "margin": {"l": 16, "r": 16, "t": 8, "b": 28},
        "hovermode": "closest",
    }
    return {"data": [mark], "layout": layout}
