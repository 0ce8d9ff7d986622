"""Figures of a evaluation: curves over all thresholds, calibration, predicted against true values."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from ui.charts.figures import Figure, plain_axis, plain_layout, short_names
from ui.language import _
from ui.plain import chart_text
from ui.theme import THEMES, Theme, ThemeName

MAX_CLASS_CURVES = 10
"""With more classes than this only their mean is drawn: lines that nobody can tell apart say nothing."""
_DASHES = ("solid", "dash")  # with six colours: no two lines look alike
Kind = Literal["roc", "precision_recall"]


def threshold_curves(found: Mapping[str, Any], kind: Kind, theme: ThemeName) -> Figure:
    """ROC or precision-recall curves as evaluated: one a class, or their mean where classes are many."""
    look = THEMES[theme]
    curves = found["curves"]
    few = curves and len(curves) <= MAX_CLASS_CURVES
    names = short_names([curve["label"] for curve in curves])
    traces = [_chance(look)] if kind == "roc" else []
    if few:
        traces += [
            _curve(curve, f"{name} ({curve['area']:.3f})", look.extra[i % 6], _DASHES[i // 6 % 2], kind)
            for i, (curve, name) in enumerate(zip(curves, names, strict=True))
        ]
    if found.get("mean"):
        title = _("Mean of all classes ({area:.3f})").format(area=found["area"])
        traces.append(_curve(found["mean"], title, look.text if few else look.train, "solid", kind, width=3))
    x, y = _titles(kind)
    return {"data": traces, "layout": _square(look, x, y) | {"showlegend": True}}


def curves_height(found: Mapping[str, Any]) -> int:
    """Pixels that leave the curves their room above the legend."""
    shown = len(found["curves"])
    return 430 + (11 * shown if shown <= MAX_CLASS_CURVES else 0)


def _titles(kind: Kind) -> tuple[str, str]:
    if kind == "roc":
        return _("False positive rate"), _("True positive rate")
    return _("Recall"), _("Precision")


def _curve(
    points: Mapping[str, Sequence[float]], title: str, colour: str, dash: str, kind: Kind, width: int = 2
) -> Figure:
    x, y = _titles(kind)
    return {
        "type": "scatter",
        "mode": "lines",
        "name": title,
        "x": points["x"],
        "y": points["y"],
        "line": {"color": colour, "dash": dash, "width": width, "shape": "linear" if kind == "roc" else "vh"},
        "hovertemplate": f"{x} %{{x:.1%}}<br>{y} %{{y:.1%}}<extra>%{{fullData.name}}</extra>",
    }


def _chance(look: Theme) -> Figure:
    return _diagonal(look, [0, 1], _("Random guessing"))


def _diagonal(look: Theme, ends: Sequence[float], title: str) -> Figure:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": title,
        "x": list(ends),
        "y": list(ends),
        "line": {"color": look.text, "width": 1.5, "dash": "dot"},
        "hoverinfo": "skip",
    }


def _square(look: Theme, x_title: str, y_title: str) -> Figure:
    """Both axes from 0 to 1."""
    axis = plain_axis(look) | {"range": [-0.02, 1.02], "tickformat": ".0%", "zeroline": False}
    return plain_layout(look) | {
        "xaxis": axis | {"title": {"text": x_title, "standoff": 6}},
        "yaxis": axis | {"title": {"text": y_title}},
        "margin": {"l": 8, "r": 8, "t": 12, "b": 8},
        "hovermode": "closest",
    }


def cost_figure(
    validation: tuple[Sequence[float], Sequence[float]],
    shown: tuple[Sequence[float], Sequence[float]] | None,
    threshold: float,
    theme: ThemeName,
) -> Figure:
    """Mean cost of an example against the threshold, on the validation split and on the one that is `shown`."""
    look = THEMES[theme]
    lines = [(_("Validation"), validation, look.validation), (_("Test"), shown, look.train)]
    traces: list[Figure] = [
        {
            "type": "scatter",
            "mode": "lines",
            "name": name,
            "x": points[0],
            "y": points[1],
            "line": {"color": colour, "width": 2, "dash": "solid" if points is validation else "dash"},
            "hovertemplate": _("Threshold")
            + " %{x:.0%}<br>"
            + _("Mean cost")
            + " %{y:.4g}<extra>%{fullData.name}</extra>",
        }
        for name, points, colour in lines
        if points is not None
    ]
    x = plain_axis(look) | {"range": [0, 1], "tickformat": ".0%", "title": {"text": _("Threshold"), "standoff": 6}}
    y = plain_axis(look) | {"rangemode": "tozero", "title": {"text": _("Mean cost")}}
    line = {"type": "line", "x0": threshold, "x1": threshold, "y0": 0, "y1": 1, "yref": "paper"}
    return {
        "data": traces,
        "layout": plain_layout(look)
        | {
            "xaxis": x,
            "yaxis": y,
            "margin": {"l": 8, "r": 8, "t": 12, "b": 8},
            "showlegend": True,
            "shapes": [line | {"line": {"color": look.text, "width": 1.5, "dash": "dot"}}],
        },
    }


def calibration_figure(calibration: Mapping[str, Any], theme: ThemeName) -> Figure:
    """Accuracy of each bin of confidence as bars to the diagonal, and below how many examples lie in it."""
    look = THEMES[theme]
    bins = calibration["bins"]
    total = sum(row["count"] for row in bins)
    middle = [(row["low"] + row["high"]) / 2 for row in bins]
    width = [row["high"] - row["low"] for row in bins]
    numbers = [[row["confidence"], row["accuracy"], row["count"]] for row in bins]
    hover = _("Confidence") + " %{customdata[0]:.1%}<br>" + _("Accuracy") + " %{customdata[1]:.1%}<br>"
    common: Figure = {
        "type": "bar",
        "x": middle,
        "width": width,
        "customdata": numbers,
        "hovertemplate": hover + "%{customdata[2]:,} " + _("examples") + "<extra></extra>",
    }
    edge = {"color": look.surface, "width": 1}
    traces = [
        common
        | {
            "name": _("Accuracy"),
            "y": [row["accuracy"] for row in bins],
            "marker": {"color": look.train, "line": edge, "opacity": 0.55},
        },
        _diagonal(look, [0, 1], _("Perfectly calibrated")),
        common
        | {
            "name": _("Share of examples"),
            "y": [row["count"] / total for row in bins],
            "yaxis": "y2",
            "marker": {"color": look.validation, "line": edge},
        },
    ]
    layout = _square(look, _("Confidence: probability of the predicted class"), _("Accuracy"))
    layout["yaxis"] |= {"domain": [0.3, 1]}
    layout["xaxis"] |= {"anchor": "y2"}
    layout["yaxis2"] = plain_axis(look) | {
        "domain": [0, 0.22],
        "tickformat": ".0%",
        "nticks": 3,
        "title": {"text": _("Share")},
        "rangemode": "tozero",
    }
    return {"data": traces, "layout": layout | {"showlegend": True}}


def predicted_figure(residuals: Mapping[str, Any], unit: str, theme: ThemeName) -> Figure:
    """Predicted against true values, with the line on which both are equal."""
    look = THEMES[theme]
    true, predicted = residuals["true"], residuals["predicted"]
    points = {
        "type": "scatter",
        "mode": "markers",
        "name": _("Examples"),
        "x": true,
        "y": predicted,
        "marker": {"color": look.train, "size": 6, "opacity": 0.6},
        "hovertemplate": f"{_('True')}: %{{x:.4~g}}<br>{_('Predicted')}: %{{y:.4~g}}<extra></extra>",
    }
    both = [*true, *predicted]
    layout = plain_layout(look) | {
        "xaxis": plain_axis(look) | {"title": {"text": in_unit(_("True value"), unit), "standoff": 6}},
        "yaxis": plain_axis(look) | {"title": {"text": in_unit(_("Predicted value"), unit)}},
        "margin": {"l": 8, "r": 8, "t": 12, "b": 8},
        "hovermode": "closest",
    }
    return {"data": [points, _diagonal(look, [min(both), max(both)], _("Exactly right"))], "layout": layout}


def errors_figure(histogram: Mapping[str, Any], unit: str, theme: ThemeName) -> Figure:
    """Return the distribution of the errors: right of zero the network predicts too much."""
    look = THEMES[theme]
    edges = histogram["edges"]
    middle = [(low + high) / 2 for low, high in itertools.pairwise(edges)]
    bars = {
        "type": "bar",
        "x": middle,
        "y": histogram["counts"],
        "width": edges[1] - edges[0],
        "marker": {"color": look.train, "line": {"color": look.surface, "width": 1}},
        "hovertemplate": "%{x:.4~g}: %{y:,} " + _("examples") + "<extra></extra>",
    }
    no_error = {
        "type": "line",
        "x0": 0,
        "x1": 0,
        "y0": 0,
        "y1": 1,
        "yref": "paper",
        "line": {"color": look.text, "width": 1.5, "dash": "dot"},
    }
    layout = plain_layout(look) | {
        "showlegend": False,
        "xaxis": plain_axis(look)
        | {"title": {"text": in_unit(_("Predicted minus true"), unit), "standoff": 6}, "zeroline": False},
        "shapes": [no_error],
        "yaxis": plain_axis(look) | {"title": {"text": _("Examples")}},
        "margin": {"l": 8, "r": 8, "t": 12, "b": 8},
        "hovermode": "closest",
    }
    return {"data": [bars], "layout": layout}


def in_unit(words: str, unit: str) -> str:
    """Return the title of an axis, with its unit where it has one."""
    return f"{words} ({chart_text(unit)})" if unit else words
