"""Distances of pairs, and embeddings as points in a plane."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from ui.charts.figures import Figure, plain_axis, plain_layout, short_names
from ui.language import _
from ui.plain import chart_text
from ui.theme import THEMES, ThemeName

_MOST_COLOURS = 10
_HEIGHT = 300


def distances_figure(found: Mapping[str, Any], threshold: float | None, theme: ThemeName) -> Figure:
    """Shares of same and of different pairs by distance, and the threshold between them."""
    look = THEMES[theme]
    edges = found["edges"]
    middles = [(low + high) / 2 for low, high in pairwise(edges)]
    traces = [
        {
            "type": "bar",
            "name": words,
            "x": middles,
            "y": found[name],
            "width": edges[1] - edges[0],
            "opacity": 0.65,
            "marker": {"color": colour},
            "hovertemplate": "%{x:.3f}: %{y:.1%}<extra></extra>",
        }
        for name, words, colour in (
            ("same", _("same"), look.train),
            ("different", _("different"), look.validation),
        )
    ]
    layout = plain_layout(look) | {
        "barmode": "overlay",
        "xaxis": plain_axis(look) | {"title": {"text": _("Distance"), "standoff": 6}, "fixedrange": True},
        "yaxis": plain_axis(look) | {"fixedrange": True, "tickformat": ".0%", "nticks": 5},
        "margin": {"l": 8, "r": 8, "t": 24, "b": 40},
        "hovermode": "closest",
        "height": _HEIGHT,
    }
    if threshold is not None:
        line = {"color": look.text, "width": 1.5, "dash": "dash"}
        layout["shapes"] = [
            {"type": "line", "x0": threshold, "x1": threshold, "y0": 0, "y1": 1, "yref": "paper", "line": line}
        ]
        layout["annotations"] = [
            {"x": threshold, "y": 1, "yref": "paper", "yanchor": "bottom", "text": _("threshold"), "showarrow": False}
        ]
    return {"data": traces, "layout": layout}


def embedding_figure(found: Mapping[str, Any], labels: Sequence[str], theme: ThemeName) -> Figure:
    """First pictures as circles and second ones as diamonds: coloured by what they show, or where that is too much, by whether the
    nearest second picture is the right one."""
    look = THEMES[theme]
    shown = sorted(set(found["identities"]))
    names = short_names([labels[one] for one in shown])
    name_of = dict(zip(shown, names, strict=True))
    groups: list[tuple[str, str, list[int]]] = []
    if len(shown) <= _MOST_COLOURS:
        for place, one in enumerate(shown):
            rows = [row for row, identity in enumerate(found["identities"]) if identity == one]
            groups.append((name_of[one], look.extra[place % len(look.extra)], rows))
    else:
        for words, colour, right in ((_("found"), look.train, True), (_("not found"), look.validation, False)):
            groups.append((words, colour, [row for row, hit in enumerate(found["found"]) if hit == right]))
    traces = []
    for name, colour, rows in groups:
        points = [
            (*found[which][row], name_of[found["identities"][row]]) for which in ("first", "second") for row in rows
        ]
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": chart_text(name),
                "x": [x for x, _y, _name in points],
                "y": [y for _x, y, _name in points],
                "text": [words for _x, _y, words in points],
                "marker": {
                    "color": colour,
                    "size": 7,
                    "symbol": ["circle"] * len(rows) + ["diamond-open"] * len(rows),
                },
                "hovertemplate": "%{text}<extra></extra>",
            }
        )
    axis = plain_axis(look) | {"showticklabels": False, "zeroline": False}
    layout = plain_layout(look) | {
        "xaxis": axis,
        "yaxis": axis | {"scaleanchor": "x"},
        "margin": {"l": 8, "r": 8, "t": 8, "b": 40},
        "hovermode": "closest",
        "height": 2 * _HEIGHT - 120,
    }
    return {"data": traces, "layout": layout}
