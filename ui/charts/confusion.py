"""The confusion matrix as a heat map."""

from collections.abc import Sequence

import numpy as np

from ui.charts.figures import Figure, plain_layout, short_names
from ui.language import _
from ui.theme import THEMES, ThemeName


def confusion_figure(
    matrix: Sequence[Sequence[int]], labels: Sequence[str], theme: ThemeName, *, shares: bool
) -> Figure:
    """A heat map, true classes in rows: counts, or with `shares` each row as shares of its true class."""
    look = THEMES[theme]
    counts = np.asarray(matrix, dtype=float)
    rows = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1.0)
    small = len(labels) <= 20
    texts = [[_cell(n, r, shares) for n, r in zip(*pair, strict=True)] for pair in zip(counts, rows, strict=True)]
    names = short_names(labels)
    hover = "%{customdata[0]:,} " + _("examples") + ", %{customdata[1]:.1%}"
    trace = {
        "type": "heatmap",
        "x": names,
        "y": names,
        "z": np.round(rows, 4).tolist(),
        "zmin": 0,
        "zmax": 1,
        "text": texts,
        "texttemplate": "%{text}" if small else "",
        "customdata": np.stack([counts, rows], axis=-1).round(4).tolist(),
        "hovertemplate": f"{_('True')}: %{{y}}<br>{_('Predicted')}: %{{x}}<br>{hover}<extra></extra>",
        "colorscale": [[i / 3, colour] for i, colour in enumerate(look.heat)],
        "showscale": False,
        "xgap": 1,
        "ygap": 1,
    }
    layout = plain_layout(look)
    tick = 12 if len(labels) <= 12 else 10
    axis = {"tickfont": {"size": tick}, "automargin": True, "showgrid": False, "zeroline": False, "type": "category"}
    layout |= {
        "xaxis": axis | {"title": {"text": _("Predicted class")}, "tickangle": -45 if len(labels) > 4 else 0},
        "yaxis": axis | {"title": {"text": _("True class")}, "autorange": "reversed"},
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "hovermode": "closest",
    }
    return {"data": [trace], "layout": layout}


def confusion_height(num_classes: int) -> int:
    """Pixels that keep the cells of a confusion matrix readable."""
    return min(900, max(300, 140 + 34 * num_classes))


def _cell(count: float, share: float, shares: bool) -> str:
    if count == 0:
        return ""
    return f"{share:.0%}" if shares else f"{int(count):,}"
