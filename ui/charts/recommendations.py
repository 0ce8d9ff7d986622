"""Recall of groups of people or items, beside the best possible."""

from collections.abc import Mapping, Sequence
from typing import Any

from ui.charts.figures import SHARES, Figure, plain_axis, plain_layout
from ui.language import _
from ui.theme import THEMES, ThemeName


def groups_figure(names: Sequence[str], groups: Sequence[Mapping[str, Any]], axis: str, theme: ThemeName) -> Figure:
    """A bar for each group, and beside it the best possible where that is known; both are shares."""
    look = THEMES[theme]
    counts = [f"{group['count']:,}" for group in groups]
    bars = [_bars(_("Network"), names, [group["recall10"] for group in groups], counts, look.train)]
    if groups and all("best" in group for group in groups):
        bars.append(_bars(_("Best possible"), names, [group["best"] for group in groups], counts, look.best))
    layout = plain_layout(look) | {"barmode": "group", "hovermode": "closest", "showlegend": len(bars) > 1}
    layout["xaxis"] = plain_axis(look) | {"type": "category", "title": {"text": axis}}
    layout["yaxis"] = (
        plain_axis(look) | SHARES | {"tickformat": ".0%", "rangemode": "tozero", "title": {"text": "Recall@10"}}
    )
    return {"data": bars, "layout": layout}


def _bars(name: str, names: Sequence[str], values: Sequence[float], counts: Sequence[str], colour: str) -> Figure:
    return {
        "type": "bar",
        "name": name,
        "x": list(names),
        "y": [round(value, 4) for value in values],
        "customdata": list(counts),
        "marker": {"color": colour},
        "hovertemplate": "%{x}: %{y:.1%} (%{customdata})<extra>" + name + "</extra>",
    }
