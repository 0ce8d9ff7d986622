"""Curves over epochs: learning, the learning rate, speed."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from engine.metrics import metric_named
from engine.runs import Run
from ui.charts.figures import MAX_POINTS, SHARES, Figure, plain_axis, plain_layout
from ui.charts.series import Key, Series, rounded
from ui.language import _
from ui.theme import THEMES, Theme, ThemeName
from ui.words import is_share, metric_label

_FEW = 100  # points whose marks do not touch each other


@dataclass(frozen=True)
class Style:
    """How people want to see curves."""

    log: bool = False
    """Whether the axis of values is logarithmic. Metrics that are to rise keep a linear one: they do not fall by orders of magnitude."""
    smoothing: float = 0.0
    """Weight of earlier points in each point; 0: none."""


PLAIN = Style()


def learning_curve(
    name: str,
    series: Mapping[Key, Series],
    run: Run,
    theme: ThemeName,
    parent: Mapping[Key, Series] | None = None,
    kept: Sequence[int] = (),
    style: Style = PLAIN,
) -> Figure:
    """One metric over epochs: training thin while it goes, training and validation with a mark at each epoch.

    A mark carries its epoch: a click on it means that epoch. The curve of the `parent` leads to where the run left it;
    the `kept` epochs have rings. Smoothed curves lie over the faint raw ones.
    """
    look = THEMES[theme]
    empty = Series()
    validation = series.get(("validation", name, "epoch"), empty)
    drawn = [
        (series.get(("train", name, "step"), empty), _("Train, running"), look.train, True),
        (series.get(("train", name, "epoch"), empty), _("Train"), look.train, False),
        (validation, _("Validation"), look.validation, False),
    ]
    traces = [_raw(found, colour) for found, _title, colour, _thin in drawn] if style.smoothing else []
    for found, title, colour, thin in drawn:
        shown = found.smoothed(style.smoothing) if style.smoothing else found
        traces.append(curve(shown, title, colour, thin=thin))
        if not thin:
            traces[-1]["customdata"] = [round(x) for x in traces[-1]["x"]]
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
    layout = epoch_layout(look, metric_label(name), run, y_title="")
    if not traces:  # axes that wait for the first point
        layout["xaxis"] |= {"range": [0, run.total_epochs or 1]}
        layout["yaxis"] |= {"showticklabels": False}
    if is_share(name):
        layout["yaxis"] |= SHARES | {"tickformat": ".0%"}
        for trace in traces:
            trace["hovertemplate"] = trace["hovertemplate"].replace("%{y:.4f}", "%{y:.2%}")
    elif style.log and not metric_named(name).maximize:  # a zoom on the other axis means nothing on this one
        layout["yaxis"] |= {"type": "log", "tickformat": "~g", "nticks": 6, "uirevision": f"run-{run.id}-log"}
    return {"data": traces, "layout": layout}


def baseline_level(run: Run, metric: str) -> float | None:
    """Return the result of the dataset's baseline on the validation split, if a worker has recorded it."""
    told = run.environment.get("baseline", {}).get(metric, run.result.get(f"baseline_validation_{metric}"))
    return float(told) if isinstance(told, int | float) else None


def best_point(validation: Series, epoch: float | None) -> tuple[float, float] | None:
    """Return the best epoch's point on the validation curve, if it has been drawn yet."""
    found = _at_epochs(validation, [] if epoch is None else [epoch])
    return (found[0][0], found[1][0]) if found else None


def _at_epochs(validation: Series, epochs: Collection[float]) -> tuple[list[float], list[float]] | None:
    """Return those of `epochs` that have been drawn, and the values there; None where there are none."""
    points = zip(validation.epochs, validation.values, strict=True)
    found = [(x, y) for x, y in points if y is not None and x in epochs]
    return ([x for x, _y in found], [y for _x, y in found]) if found else None


def single_curve(name: str, series: Series, run: Run, theme: ThemeName) -> Figure:
    """One series over epochs in a small chart: the learning rate, or the speed."""
    look = THEMES[theme]
    trace = curve(series, metric_label(name), look.train, thin=False, markers=False)
    trace["hovertemplate"] = "%{y:,.4~g}<extra></extra>"
    layout = epoch_layout(look, metric_label(name), run, y_title="") | {"showlegend": False}
    layout["yaxis"] |= {"rangemode": "tozero", "tickformat": "~s" if name == "examples_per_second" else "~g"}
    if name == "learning_rate":
        layout["yaxis"] |= {"tickformat": ".0e", "nticks": 5}
    return {"data": [trace] if trace["x"] else [], "layout": layout}


def curve(series: Series, title: str, colour: str, *, thin: bool = False, markers: bool = True) -> Figure:
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
        "marker": {"size": 6 if len(points.values) <= _FEW else 3},
        "hovertemplate": f"%{{y:.4f}}<extra>{title}</extra>",
    }


def _raw(series: Series, colour: str) -> Figure:
    """The faint line of what was measured, below a smoothed one."""
    line = curve(series, "", colour, thin=True)
    return line | {"opacity": 0.22, "showlegend": False, "hoverinfo": "skip", "hovertemplate": ""}


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
        line = curve(parent.get((split, name, "epoch"), Series()), title, look.text)
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


def epoch_layout(look: Theme, title: str, run: Run, *, y_title: str) -> Figure:
    """A chart over epochs. `uirevision` names the run: zoom and hidden traces stay until another run is shown."""
    return plain_layout(look) | {
        "title": {"text": title, "font": {"size": 15}, "x": 0, "xref": "paper", "y": 0.98, "yanchor": "top"},
        "uirevision": f"run-{run.id}",
        "xaxis": plain_axis(look) | {"title": {"text": _("Epoch"), "standoff": 6}, "rangemode": "tozero"},
        "yaxis": plain_axis(look) | {"title": {"text": y_title}},
    }
