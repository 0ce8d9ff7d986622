"""Figures of classes: their scores, their sizes, the probabilities of one prediction."""

from collections.abc import Mapping, Sequence
from typing import Any

from ui.charts.figures import SHARES, Figure, plain_axis, plain_layout, short_names
from ui.charts.series import rounded
from ui.theme import THEMES, ThemeName
from ui.words import metric_label

_ALL_BARS, _LIKELIEST_BARS = 20, 10


def class_bars(per_class: Sequence[Mapping[str, Any]], theme: ThemeName) -> Figure:
    """Precision, recall and F1 of each class as dots on one line: the weakest class stands at the top."""
    look = THEMES[theme]
    rows = sorted(per_class, key=lambda row: float(row["f1"]), reverse=True)
    names = short_names([str(row["label"]) for row in rows])
    symbols = (("precision", "circle-open"), ("recall", "diamond-open"), ("f1", "circle"))
    traces = [
        {
            "type": "scatter",
            "mode": "markers",
            "name": metric_label(metric),
            "x": [rounded(float(row[metric])) for row in rows],
            "y": names,
            "marker": {"color": colour, "symbol": symbol, "size": 11, "line": {"width": 2}},
            "hovertemplate": f"%{{y}}: %{{x:.1%}}<extra>{metric_label(metric)}</extra>",
        }
        for (metric, symbol), colour in zip(symbols, look.extra, strict=False)
    ]
    layout = plain_layout(look)
    layout |= {
        "xaxis": plain_axis(look) | SHARES | {"tickformat": ".0%", "rangemode": "normal"},
        "yaxis": plain_axis(look) | {"type": "category", "automargin": True},
        "margin": {"l": 8, "r": 16, "t": 36, "b": 8},
        "hovermode": "closest",
    }
    return {"data": traces, "layout": layout}


def bars_shown(probabilities: Mapping[str, float]) -> int:
    """Return the number of bars: all classes, or of many the likeliest."""
    return len(probabilities) if len(probabilities) <= _ALL_BARS else _LIKELIEST_BARS


def bars_height(probabilities: Mapping[str, float]) -> int:
    """Return the pixels that the bars need."""
    return 24 + 25 * bars_shown(probabilities)


def probability_bars(probabilities: Mapping[str, float], theme: ThemeName) -> Figure:
    """The classes as horizontal bars in their own order, so that none moves as the input changes; the likeliest in colour.

    Of many classes only the likeliest are shown, in that order, too.
    """
    look = THEMES[theme]
    likeliest = set(sorted(probabilities, key=probabilities.__getitem__, reverse=True)[: bars_shown(probabilities)])
    rows = [(label, p) for label, p in probabilities.items() if label in likeliest]
    first = max(range(len(rows)), key=lambda row: rows[row][1])
    trace = {
        "type": "bar",
        "orientation": "h",
        "x": [round(p, 5) for _name, p in rows],
        "y": short_names([label for label, _p in rows]),
        "text": [f"{p:.1%}" for _name, p in rows],
        "textposition": "outside",
        "cliponaxis": False,
        "marker": {"color": [look.best if row == first else look.train for row in range(len(rows))]},
        "hovertemplate": "%{y}: %{x:.2%}<extra></extra>",
    }
    layout = plain_layout(look)
    layout |= {
        "showlegend": False,
        "xaxis": plain_axis(look) | {"range": [0, 1.3], "fixedrange": True, "visible": False},
        "yaxis": plain_axis(look)
        | {"autorange": "reversed", "type": "category", "automargin": True, "fixedrange": True, "showgrid": False},
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "bargap": 0.35,
        "hovermode": "closest",
    }
    return {"data": [trace], "layout": layout}


def class_balance(labels: Sequence[str], counts: Sequence[int], theme: ThemeName, *, most: int = 12) -> Figure:
    """Return the number of examples of each class as horizontal bars; of many classes the first ones."""
    look = THEMES[theme]
    shown = list(zip(labels, counts, strict=True))[:most]
    trace = {
        "type": "bar",
        "orientation": "h",
        "x": [count for _label, count in shown],
        "y": short_names([label for label, _count in shown]),
        "text": [f"{count:,} · {count / max(sum(counts), 1):.0%}" for _label, count in shown],
        "textposition": "outside",
        "cliponaxis": False,
        "marker": {"color": look.train},
        "hovertemplate": "%{y}: %{x:,}<extra></extra>",
    }
    layout = plain_layout(look) | {
        "showlegend": False,
        "xaxis": plain_axis(look) | {"visible": False, "range": [0, 1.25 * max([*counts, 1])], "fixedrange": True},
        "yaxis": plain_axis(look)
        | {"autorange": "reversed", "type": "category", "automargin": True, "fixedrange": True, "showgrid": False},
        "margin": {"l": 8, "r": 8, "t": 4, "b": 4},
        "bargap": 0.3,
        "hovermode": "closest",
    }
    return {"data": [trace], "layout": layout}
