"""Pure functions from numbers to Plotly figures: plain dictionaries, cheap to build and to send."""

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from engine.runs import Run
from ui.charts.series import Key, Series, rounded
from ui.language import _
from ui.theme import THEMES, Theme, ThemeName
from ui.words import is_share, metric_label

Figure = dict[str, Any]

MAX_POINTS = 600
"""Most points of one trace; longer series are thinned before they are drawn."""


def to_json(figure: Figure) -> str:
    """The figure as the browser reads it. NaN and infinities become gaps."""
    return json.dumps(figure, separators=(",", ":"), allow_nan=False)


def learning_curve(
    name: str,
    series: Mapping[Key, Series],
    run: Run,
    theme: ThemeName,
    parent: Mapping[Key, Series] | None = None,
    kept: Sequence[int] = (),
) -> Figure:
    """One metric over epochs: training thin while it goes, training and validation with a mark at each epoch.

    A mark carries its epoch: a click on it means that epoch. The curve of the `parent` leads to where the run left it;
    the `kept` epochs have rings.
    """
    look = THEMES[theme]
    empty = Series()
    validation = series.get(("validation", name, "epoch"), empty)
    traces = [
        _line(series.get(("train", name, "step"), empty), _("Train, running"), look.train, thin=True),
        _line(series.get(("train", name, "epoch"), empty), _("Train"), look.train),
        _line(validation, _("Validation"), look.validation),
    ]
    for marked in traces[1:]:
        marked["customdata"] = [round(x) for x in marked["x"]]
    traces = [trace for trace in [*traces, *_parent_lines(name, parent or {}, run, look)] if trace["x"]]
    level = baseline_level(run, name)
    if level is not None and traces:
        traces.append(_baseline_line(level, max(trace["x"][-1] for trace in traces), look))
    if rings := _at_epochs(validation, kept):
        traces.append(_kept_marks(*rings, look))
    inherited = (parent or {}).get(("validation", name, "epoch"), empty)
    best = run.best.get("epoch")
    if point := best_point(validation, best) or best_point(inherited, best):
        traces.append(_best_mark(*point, look))
    layout = _layout(look, metric_label(name), run, y_title="")
    if is_share(name):
        layout["yaxis"]["tickformat"] = ".0%"
        for trace in traces:
            trace["hovertemplate"] = trace["hovertemplate"].replace("%{y:.4f}", "%{y:.2%}")
    return {"data": traces, "layout": layout}


def baseline_level(run: Run, metric: str) -> float | None:
    """What the baseline of the dataset reaches on the validation split, where a worker has told it."""
    told = run.environment.get("baseline", {}).get(metric, run.result.get(f"baseline_validation_{metric}"))
    return float(told) if isinstance(told, int | float) else None


def best_point(validation: Series, epoch: float | None) -> tuple[float, float] | None:
    """Where the best epoch lies on the validation curve, if it has been drawn yet."""
    found = _at_epochs(validation, [] if epoch is None else [epoch])
    return (found[0][0], found[1][0]) if found else None


def _at_epochs(validation: Series, epochs: Collection[float]) -> tuple[list[float], list[float]] | None:
    """Those of `epochs` that have been drawn, and the values there; None where there are none."""
    points = zip(validation.epochs, validation.values, strict=True)
    found = [(x, y) for x, y in points if y is not None and x in epochs]
    return ([x for x, _y in found], [y for _x, y in found]) if found else None


def single_curve(name: str, series: Series, run: Run, theme: ThemeName) -> Figure:
    """One series over epochs in a small chart: the learning rate, or the speed."""
    look = THEMES[theme]
    trace = _line(series, metric_label(name), look.train, thin=False, markers=False)
    trace["hovertemplate"] = "%{y:,.4~g}<extra></extra>"
    layout = _layout(look, metric_label(name), run, y_title="") | {"showlegend": False}
    layout["yaxis"] |= {"rangemode": "tozero", "tickformat": "~s" if name == "examples_per_second" else "~g"}
    if name == "learning_rate":
        layout["yaxis"] |= {"tickformat": ".0e", "nticks": 5}
    return {"data": [trace] if trace["x"] else [], "layout": layout}


def machine_curve(series: Mapping[tuple[str, str, str], Series], run: Run, theme: ThemeName) -> Figure:
    """CPU and GPU load in per cent on the left, memory in GB on the right, over epochs."""
    look = THEMES[theme]
    wanted = (
        ("cpu_percent", _("CPU"), 1.0, "y", "solid"),
        ("gpu_percent", _("GPU"), 1.0, "y", "solid"),
        ("memory_bytes", _("Memory"), 1e-9, "y2", "dot"),
        ("gpu_memory_bytes", _("GPU memory"), 1e-9, "y2", "dot"),
    )
    traces = []
    for (name, title, factor, axis, dash), colour in zip(wanted, look.extra, strict=False):
        found = series.get(("system", name, "step"))
        if found is None or not found.values:
            continue
        trace = _line(found, title, colour, markers=False)
        trace["y"] = [None if y is None else rounded(y * factor) for y in trace["y"]]
        unit = "%" if axis == "y" else " GB"
        trace |= {"yaxis": axis, "hovertemplate": f"%{{y:.4~g}}{unit}<extra>{title}</extra>"}
        trace["line"]["dash"] = dash
        traces.append(trace)
    layout = _layout(look, _("CPU, GPU and memory"), run, y_title="")
    layout["yaxis"] |= {"rangemode": "tozero", "ticksuffix": "%", "nticks": 5}
    layout["yaxis2"] = layout["yaxis"] | {
        "overlaying": "y",
        "side": "right",
        "showgrid": False,
        "ticksuffix": " GB",
        "tickformat": "~g",
        "tickmode": "auto",  # by default the ticks of an overlaid axis stand where those below it do
    }
    return {"data": traces, "layout": layout}


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
        "xaxis": plain_axis(look) | {"tickformat": ".0%", "rangemode": "normal"},
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
    """How many examples each class has, as horizontal bars; of many classes the first ones."""
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


def histogram(values: np.ndarray, title: str, theme: ThemeName, *, bins: int = 30) -> Figure:
    """How often values (examples,) lie in each of `bins` equal steps."""
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
        "xaxis": plain_axis(look) | {"title": {"text": escaped(title), "standoff": 6}, "fixedrange": True},
        "yaxis": plain_axis(look) | {"fixedrange": True, "nticks": 4},
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "hovermode": "closest",
    }
    return {"data": [trace], "layout": layout}


def escaped(text: str, most: int = 60) -> str:
    """Words of unknown origin in a title: Plotly would read tags in them."""
    short = text if len(text) <= most else text[: most - 1] + "…"
    return short.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _line(series: Series, title: str, colour: str, *, thin: bool = False, markers: bool = True) -> Figure:
    points = series.thinned(MAX_POINTS)
    line = {"color": colour, "width": 1 if thin else 2}
    return {
        "type": "scatter",
        "mode": "lines" if thin or not markers else "lines+markers",
        "name": title,
        "x": points.epochs,
        "y": points.values,
        "line": line,
        "opacity": 0.45 if thin else 1.0,
        "marker": {"size": 6},
        "hovertemplate": f"%{{y:.4f}}<extra>{title}</extra>",
    }


def _baseline_line(y: float, until: float, look: Theme) -> Figure:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": _("Baseline, validation"),
        "x": [0, until],
        "y": [rounded(y)] * 2,
        "line": {"color": look.text, "width": 1.5, "dash": "dash"},
        "hovertemplate": f"%{{y:.4f}}<extra>{_('Baseline, validation')}</extra>",
    }


def _parent_lines(name: str, parent: Mapping[Key, Series], run: Run, look: Theme) -> list[Figure]:
    """The curves of the run from which this one was forked: grey and dotted, one entry of the legend for both."""
    titles = {
        "train": _("Parent, run {id}, train").format(id=run.parent_id),
        "validation": _("Parent, run {id}").format(id=run.parent_id),
    }
    lines = []
    for split, title in titles.items():
        line = _line(parent.get((split, name, "epoch"), Series()), title, look.text)
        line |= {"opacity": 0.5, "legendgroup": "parent", "showlegend": split == "validation"}
        line["line"] |= {"dash": "dot", "width": 1 if split == "train" else 2}
        line["marker"]["size"] = 4
        lines.append(line)
    return lines


def _kept_marks(x: list[float], y: list[float], look: Theme) -> Figure:
    """Rings around the epochs from which the run can be forked; hovering and clicking mean the marks inside."""
    return {
        "type": "scatter",
        "mode": "markers",
        "name": _("Can be forked"),
        "x": x,
        "y": y,
        "marker": {"symbol": "circle-open", "size": 13, "color": look.validation, "line": {"width": 2}},
        "hoverinfo": "skip",
        "hovertemplate": "",
    }


def _best_mark(x: float, y: float, look: Theme) -> Figure:
    return {
        "type": "scatter",
        "mode": "markers",
        "name": _("Best epoch"),
        "x": [x],
        "y": [y],
        "marker": {"symbol": "star", "size": 15, "color": look.best, "line": {"color": look.surface, "width": 1}},
        "hovertemplate": f"%{{y:.4f}}<extra>{_('Best epoch')}</extra>",
    }


def _layout(look: Theme, title: str, run: Run, *, y_title: str) -> Figure:
    """A chart over epochs. `uirevision` names the run: zoom and hidden traces stay until another run is shown."""
    return plain_layout(look) | {
        "title": {"text": title, "font": {"size": 15}, "x": 0, "xref": "paper", "y": 0.98, "yanchor": "top"},
        "uirevision": f"run-{run.id}",
        "xaxis": plain_axis(look) | {"title": {"text": _("Epoch"), "standoff": 6}, "rangemode": "tozero"},
        "yaxis": plain_axis(look) | {"title": {"text": y_title}},
    }


def plain_layout(look: Theme) -> Figure:
    """What all charts share: no background of their own, the page's font and colours, the legend below."""
    return {
        "template": {},  # importing Streamlit sets a default template of placeholder colours
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"color": look.text, "family": "Source Sans, Noto Sans CJK SC, sans-serif", "size": 12},
        "margin": {"l": 8, "r": 8, "t": 44, "b": 8},
        "hovermode": "x unified",
        "hoverlabel": {"bgcolor": look.surface, "font": {"color": look.text}, "bordercolor": look.grid},
        "legend": {"orientation": "h", "x": 0, "xanchor": "left", "y": 0, "yanchor": "bottom", "yref": "container"},
        "modebar": {"bgcolor": "rgba(0,0,0,0)", "color": look.text, "activecolor": look.train, "orientation": "v"},
        "autosize": True,
    }


def plain_axis(look: Theme) -> Figure:
    """An axis with quiet lines and room for its labels."""
    return {"gridcolor": look.grid, "zerolinecolor": look.grid, "linecolor": look.grid, "automargin": True}


def _cell(count: float, share: float, shares: bool) -> str:
    if count == 0:
        return ""
    return f"{share:.0%}" if shares else f"{int(count):,}"


def short_names(labels: Sequence[str], most: int = 24) -> list[str]:
    """Names short enough for an axis, still all different: Plotly would merge equal ones."""
    short = [label if len(label) <= most else label[: most - 1] + "…" for label in labels]
    return [f"{name} {i}" if short.count(name) > 1 else name for i, name in enumerate(short)]
