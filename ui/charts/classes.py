"""Figures of classes: their scores, their sizes, the probabilities of one prediction."""

from collections.abc import Mapping, Sequence
from typing import Any

from ui.charts.figures import SHARES, Figure, plain_axis, plain_layout, short_names
from ui.charts.series import rounded
from ui.theme import THEMES, ThemeName
from ui.words import metric_label


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


def probability_bars(probabilities: Mapping[str, float], theme: ThemeName, *, most: int = 10) -> Figure:
    """The likeliest classes as horizontal bars, the predicted one in colour."""
    look = THEMES[theme]
    rows = sorted(probabilities.items(), key=lambda item: item[1], reverse=True)[:most]
    trace = {
        "type": "bar",
        "orientation": "h",
        "x": [round(p, 5) for _name, p in rows],
        "y": short_names([label for label, _p in rows]),
        "text": [f"{p:.1%}" for _name, p in rows],
        "textposition": "outside",
        "cliponaxis": False,
        "marker": {"color": [look.best] + [look.train] * (len(rows) - 1)},
        "hovertemplate": "%{y}: %{x:.2%}<extra></extra>",
    }
    layout = plain_layout(look)
    layout |= {
        "showlegend": False,
        "xaxis": plain_axis(look)
        | {"range": [0, 1.12], "fixedrange": True, "tickformat": ".0%", "tickvals": [0, 0.5, 1]},
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
