"""Charts of a dataset: classes by split, and distributions. Pure functions."""

from itertools import pairwise

import numpy as np

from engine.datasets.prepare import SPLITS, PreparedDataset
from ui.charts import THEMES, Figure, Theme, ThemeName
from ui.language import N_, _

MOST_BARS = 40
"""Most classes in a chart; of more, the largest."""
_BINS = 40
_ROW_PIXELS, _LEAST_PIXELS = 24, 150
_LABEL_CHARACTERS = 24
_NAMES = {"train": N_("Train"), "validation": N_("Validation"), "test": N_("Test")}


def class_balance(prepared: PreparedDataset, theme: ThemeName) -> Figure:
    """Stacked bars: how many examples of each class each split has; the largest class first."""
    look = THEMES[theme]
    counts = np.array([prepared.meta["counts"][split] for split in SPLITS])
    order = np.argsort(-counts.sum(axis=0), kind="stable")[:MOST_BARS]
    names = [_short(prepared.info.labels[index]) for index in order]
    colours = dict(zip(SPLITS, (look.train, look.validation, look.best), strict=True))
    figure = _figure(look, max(_LEAST_PIXELS, _ROW_PIXELS * len(order) + 70))
    figure["data"] = [
        {
            "type": "bar",
            "orientation": "h",
            "name": _(_NAMES[split]),
            "y": list(range(len(order))),
            "x": counts[row, order],
            "customdata": names,
            "marker": {"color": colours[split]},
            "hovertemplate": "%{customdata}: %{x:,}<extra>%{fullData.name}</extra>",
        }
        for row, split in enumerate(SPLITS)
    ]
    figure["layout"] |= {
        "barmode": "stack",
        "legend": {"orientation": "h", "y": 1, "yanchor": "bottom", "traceorder": "normal"},
        "showlegend": True,
    }
    figure["layout"]["yaxis"] |= {
        "autorange": "reversed",
        "tickvals": list(range(len(order))),
        "ticktext": names,
        "showgrid": False,
    }
    return figure


def histogram(values: np.ndarray, name: str, theme: ThemeName) -> Figure:
    """How often each size occurs."""
    look = THEMES[theme]
    places = 0 if np.all(values == np.round(values)) else 3
    different = len(np.unique(values))
    counts, edges = np.histogram(values, bins=min(_BINS, max(1, different)))
    figure = _figure(look, 240)
    figure["data"] = [
        {
            "type": "bar",
            "x": (edges[:-1] + edges[1:]) / 2,
            "y": counts,
            "width": np.diff(edges) * 0.94,
            "customdata": [f"{low:,.{places}f} – {high:,.{places}f}" for low, high in pairwise(edges.tolist())],
            "marker": {"color": look.train},
            "hovertemplate": "%{customdata}: %{y:,}<extra></extra>",
        }
    ]
    figure["layout"]["xaxis"] |= {"title": {"text": _short(name, 60)}}
    figure["layout"]["yaxis"] |= {"title": {"text": _("Examples")}}
    return figure


def _figure(look: Theme, height: int) -> Figure:
    axis = {"gridcolor": look.grid, "zeroline": False, "color": look.text, "automargin": True}
    return {
        "data": [],
        "layout": {
            "height": height,
            "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "font": {"color": look.text},
            "xaxis": dict(axis),
            "yaxis": dict(axis),
            "showlegend": False,
        },
    }


def _short(text: str, most: int = _LABEL_CHARACTERS) -> str:
    """A label that fits; Plotly reads some signs as HTML."""
    cut = text if len(text) <= most else f"{text[: most - 1]}…"
    return cut.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
