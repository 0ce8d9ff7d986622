"""Maps of a network's answers to a plane of inputs, with validation examples at their places."""

from collections.abc import Sequence
from typing import Any

from engine.probes import Map
from ui.charts.figures import Figure, plain_axis, plain_layout, short_names
from ui.charts.series import rounded
from ui.language import _
from ui.plain import chart_text
from ui.theme import THEMES, Theme, ThemeName

_PALE, _FULL = 0.08, 0.6
"""Share of a class's colour where the network is unsure and where it is sure; the rest is the page's ground."""
_MOST_NAMES = 12
"""Most classes that the legend names."""


def class_map(known: Map, heights: str, labels: Sequence[str], theme: ThemeName) -> Figure:
    """The predicted class everywhere, paler where the network is less sure; examples in the colour of their own class."""
    look = THEMES[theme]
    colours = [look.extra[i % len(look.extra)] for i in range(len(labels))]
    bands: list[list[float | str]] = []
    for i, colour in enumerate(colours):
        bands.append([i / len(colours), _mixed(look.surface, colour, _PALE)])
        bands.append([(i + 1) / len(colours), _mixed(look.surface, colour, _FULL)])
    ground = _ground(known, heights) | {"colorscale": bands, "zmin": 0, "zmax": len(colours), "showscale": False}
    names = short_names(labels)
    examples = []
    for i, (name, colour) in enumerate(zip(names, colours, strict=True)):
        places = [place for place, target in zip(known.places, known.targets, strict=True) if int(target) == i]
        if places:
            marker = {"color": colour, "size": 7, "line": {"color": look.surface, "width": 1}}
            examples.append(_examples(places, name, marker) | {"showlegend": len(labels) <= _MOST_NAMES})
    return {"data": [ground, *examples], "layout": _layout(known, look)}


def value_map(known: Map, heights: str, target: str, theme: ThemeName) -> Figure:
    """The predicted value everywhere, and the true ones of the examples in the same colours."""
    look = THEMES[theme]
    low, high = min(known.targets, default=0.0), max(known.targets, default=1.0)
    scale = [[i / (len(look.heat) - 1), colour] for i, colour in enumerate(look.heat)]
    bar = {"title": {"text": chart_text(target, 24), "side": "right"}, "thickness": 10, "outlinewidth": 0}
    colours = {"colorscale": scale, "zmin": low, "zmax": high, "colorbar": bar}
    marker = {
        "color": [rounded(value) for value in known.targets],
        "colorscale": scale,
        "cmin": low,
        "cmax": high,
        "size": 8,
        "line": {"color": look.text, "width": 1},
    }
    examples = _examples(known.places, _("Validation examples, true values"), marker)
    return {"data": [_ground(known, heights) | colours, examples], "layout": _layout(known, look)}


def _ground(known: Map, heights: str) -> Figure:
    side = f"{known.points}"
    (left, low), (right, high) = known.low, known.high
    return {
        "type": "heatmap",
        "z": {"dtype": "f4", "bdata": heights, "shape": f"{side}, {side}"},
        "x0": left,
        "dx": (right - left) / (known.points - 1),
        "y0": low,
        "dy": (high - low) / (known.points - 1),
        "hoverinfo": "skip",
    }


def _examples(places: Sequence[Sequence[float]], name: str, marker: dict[str, Any]) -> Figure:
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": [rounded(x) for x, _y in places],
        "y": [rounded(y) for _x, y in places],
        "marker": marker,
        "hovertemplate": "%{x:.4~g}, %{y:.4~g}<extra>%{fullData.name}</extra>",
    }


def _layout(known: Map, look: Theme) -> Figure:
    x, y = known.columns or [
        _("Component {number}: {share:.0%} of the variance").format(number=i + 1, share=share)
        for i, share in enumerate(known.shares)
    ]
    axes = [
        plain_axis(look) | {"title": {"text": chart_text(title, 48), "standoff": 6}, "zeroline": False, "range": [a, b]}
        for title, a, b in zip((x, y), known.low, known.high, strict=True)
    ]
    title = {"text": _("Decision surface"), "font": {"size": 15}, "x": 0, "xref": "paper", "y": 0.98, "yanchor": "top"}
    more = {"title": title, "hovermode": "closest", "uirevision": "map", "xaxis": axes[0], "yaxis": axes[1]}
    return plain_layout(look) | more


def _mixed(ground: str, colour: str, share: float) -> str:
    """Return `share` of a colour on a ground, both as #rrggbb."""
    parts = (
        round((1 - share) * int(ground[i : i + 2], 16) + share * int(colour[i : i + 2], 16)) for i in range(1, 7, 2)
    )
    return "#" + "".join(f"{part:02x}" for part in parts)
