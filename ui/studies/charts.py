"""Charts of a study, pure functions as in `ui.charts`: at most some thousand points each, however many trials there are."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from engine.runs import RunState
from engine.search.trials import Trial
from engine.spec import Choices, Range
from engine.studies import Domain
from ui.charts.figures import Figure, plain_axis, plain_layout
from ui.charts.series import rounded
from ui.language import _
from ui.theme import THEMES, Theme, ThemeName
from ui.words import STATES, choice_words, value_text

MOST_TRIALS = 1_000
"""Most trials that one chart shows; of more, the best and some at equal distances."""
MOST_CURVES = 250
"""Most learning curves of one kind."""
MOST_CURVE_POINTS = 3_000
"""Most points of all learning curves of one kind together."""
_CELLS = 28  # of a contour, in each direction
_SCALES: dict[ThemeName, tuple[str, ...]] = {
    "light": ("#C9D6E4", "#2E86C1", "#0B3A63"),
    "dark": ("#3A4456", "#2A82C0", "#CFEAFF"),
}
"""From the worst to the best value; each step also differs in lightness."""


@dataclass(frozen=True)
class Judging:
    """What all charts of a study share: what is varied, what it is called, and the objective that is looked at."""

    space: Mapping[str, Domain]
    labels: Mapping[str, str]
    titles: tuple[str, ...]
    """What the objectives are called."""
    maximize: tuple[bool, ...]
    formats: tuple[str, ...]
    """How Plotly writes their values."""
    theme: ThemeName
    objective: int = 0

    @property
    def look(self) -> Theme:
        """The colours."""
        return THEMES[self.theme]

    @property
    def title(self) -> str:
        """What the objective is called."""
        return self.titles[self.objective]

    @property
    def more(self) -> bool:
        """Whether more of it is better."""
        return self.maximize[self.objective]

    @property
    def format(self) -> str:
        """How Plotly writes its values."""
        return self.formats[self.objective]

    def value(self, trial: Trial) -> float | None:
        """What the trial has come to."""
        return trial.values[self.objective]


def sample(trials: Sequence[Trial], judging: Judging, most: int = MOST_TRIALS) -> list[Trial]:
    """At most `most` trials: the best by the objective, and the rest at equal distances."""
    if len(trials) <= most:
        return list(trials)
    kept = {trials[round(i * (len(trials) - 1) / (most - 2))].number for i in range(most - 1)}
    judged = [trial for trial in trials if judging.value(trial) is not None]
    if judged:
        kept.add((max if judging.more else min)(judged, key=lambda trial: judging.value(trial) or 0.0).number)
    return [trial for trial in trials if trial.number in kept]


def history_figure(trials: Sequence[Trial], judging: Judging) -> Figure:
    """The value of each trial by its number, with a line of the best so far."""
    look = judging.look
    judged = [trial for trial in trials if trial.judged]
    shown = sample(judged, judging)
    given_up = sample([t for t in trials if t.state.final and not t.judged and judging.value(t) is not None], judging)
    traces = [
        _points(given_up, judging, _("Given up or stopped"), "#8A8F99", "x-thin-open"),
        _points(shown, judging, _("Trials"), look.train, "circle"),
        _best_line(judged, judging),
    ]
    layout = _layout(judging, _("Trial"), "history")
    return {"data": [trace for trace in traces if trace["x"]], "layout": layout}


def _points(trials: Sequence[Trial], judging: Judging, name: str, colour: str, symbol: str) -> Figure:
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": [trial.number for trial in trials],
        "y": [_number(judging.value(trial)) for trial in trials],
        "text": _hovers(trials, judging),
        "customdata": [trial.run.id for trial in trials],
        "marker": {
            "color": colour,
            "symbol": symbol,
            "size": 8,
            "opacity": 0.75,
            "line": {"width": 1.5 * ("x" in symbol)},
        },
        "hovertemplate": f"%{{y:{judging.format}}}<br>%{{text}}<extra>{_('Trial')} %{{x}}</extra>",
    }


def _best_line(judged: Sequence[Trial], judging: Judging) -> Figure:
    """Only the trials that were better than all before them, and the last one."""
    xs: list[int] = []
    ys: list[float | None] = []
    best: float | None = None
    for trial in judged:
        value = judging.value(trial)
        if value is not None and (best is None or (value > best if judging.more else value < best)):
            best = value
            xs.append(trial.number)
            ys.append(_number(value))
    if judged and xs:
        xs.append(judged[-1].number)
        ys.append(_number(best))
    return {
        "type": "scatter",
        "mode": "lines",
        "name": _("Best so far"),
        "x": xs,
        "y": ys,
        "line": {"color": judging.look.best, "width": 2.5, "shape": "hv"},
        "hoverinfo": "skip",
    }


def _kind(trial: Trial, winners: Collection[int]) -> str:
    """By what the curve of a trial is told from others."""
    if not trial.state.final:
        return "going"
    if trial.number in winners:
        return "best"
    return "ended" if trial.judged else "pruned"


def curves_figure(trials: Sequence[Trial], judging: Judging, best: Iterable[int]) -> Figure:
    """The quality after each epoch: given-up trials grey, those that go on and the best one in colours of their own."""
    look, winners = judging.look, set(best)
    kinds: dict[str, list[Trial]] = {"pruned": [], "ended": [], "going": [], "best": []}
    for trial in trials:
        kinds[_kind(trial, winners)].append(trial)
    looks = {
        "pruned": (_("Given up or stopped"), "#9AA0AA", 1.0, 0.55),
        "ended": (_("Completed"), look.train, 1.0, 0.6),
        "going": (_("Not ended yet"), look.validation, 2.0, 0.9),
        "best": (_("Best so far"), look.best, 3.0, 1.0),
    }
    traces = [_curves(kinds[kind], judging, *looks[kind]) for kind in kinds]
    layout = _layout(judging, _("Epoch"), "curves")
    layout["xaxis"]["rangemode"] = "tozero"
    return {"data": [trace for trace in traces if trace["x"]], "layout": layout}


def _curves(trials: Sequence[Trial], judging: Judging, name: str, colour: str, width: float, opacity: float) -> Figure:
    """Many curves as one trace with gaps, which a browser draws a hundred times faster than as many traces."""
    runs = [run for trial in sample(trials, judging, MOST_CURVES) for run in trial.runs if run.curve]
    points = max(6, MOST_CURVE_POINTS // max(1, len(runs)))
    xs: list[float | None] = []
    ys: list[float | None] = []
    ids: list[int | None] = []
    for run in runs:
        epochs = np.linspace(1, max(run.epoch, 1), len(run.curve)) if len(run.curve) > 1 else [max(run.epoch, 1)]
        step = max(1, -(-len(run.curve) // points))
        picked = sorted({*range(0, len(run.curve), step), len(run.curve) - 1})
        xs += [*(rounded(float(epochs[i])) for i in picked), None]
        ys += [*(_number(run.curve[i]) for i in picked), None]
        ids += [*(run.id for _i in picked), None]
    return {
        "type": "scatter",
        "mode": "lines+markers" if width > 1 else "lines",
        "name": name,
        "x": xs,
        "y": ys,
        "customdata": ids,
        "opacity": opacity,
        "marker": {"size": 5},
        "line": {"color": colour, "width": width},
        "hovertemplate": f"%{{y:{judging.format}}}<extra>{_('Run')} %{{customdata}}</extra>",
    }


def parallel_figure(trials: Sequence[Trial], judging: Judging) -> Figure:
    """A line for each trial through its values, coloured by what it came to. Dragging along an axis selects."""
    look = judging.look
    shown = sample([trial for trial in trials if trial.judged], judging)
    colours = _SCALES[judging.theme]
    values = [_number(judging.value(trial)) for trial in shown]
    dimensions = [
        _dimension(domain, judging.labels[name], [trial.params[name] for trial in shown])
        for name, domain in judging.space.items()
    ]
    dimensions += [
        {"label": _short(title), "values": [_number(trial.values[i]) for trial in shown], "tickformat": form}
        for i, (title, form) in enumerate(zip(judging.titles, judging.formats, strict=True))
    ]
    trace = {
        "type": "parcoords",
        "dimensions": dimensions,
        "line": {
            "color": values,
            "colorscale": [[i / 2, colour] for i, colour in enumerate(colours)],
            "reversescale": not judging.more,
            "showscale": False,
        },
        "labelfont": {"color": look.text, "size": 12},
        "tickfont": {"color": look.text, "size": 11},
        "rangefont": {"color": "rgba(0,0,0,0)", "size": 1},
        "labelangle": -12,
        "unselected": {"line": {"color": look.grid, "opacity": 0.25}},
    }
    layout = plain_layout(look) | {"margin": {"l": 64, "r": 64, "t": 84, "b": 24}, "uirevision": "parallel"}
    return {"data": [trace] if shown else [], "layout": layout}


def _dimension(domain: Domain, label: str, values: list[Any]) -> Figure:
    match domain:
        case Choices(options):
            places = {option: i for i, option in enumerate(options)}
            return {
                "label": _short(label),
                "values": [places.get(value) for value in values],
                "tickvals": list(range(len(options))),
                "ticktext": [value_text(option) for option in options],
                "range": [-0.2, max(len(options) - 0.8, 0.2)],
            }
        case Range(low, high, log=log) if log and low < high:
            ticks = np.linspace(np.log10(low), np.log10(high), 5)
            return {
                "label": _short(label),
                "values": [rounded(float(np.log10(value))) for value in values],
                "tickvals": [rounded(float(tick)) for tick in ticks],
                "ticktext": [f"{10**tick:.3g}" for tick in ticks],
            }
        case _:
            return {"label": _short(label), "values": [rounded(float(value)) for value in values]}


def importance_figure(shares: Mapping[str, float], judging: Judging) -> Figure:
    """How much each hyperparameter mattered, as horizontal bars."""
    look = judging.look
    trace = {
        "type": "bar",
        "orientation": "h",
        "x": [round(share, 4) for share in shares.values()],
        "y": [judging.labels[name] for name in shares],
        "text": [f"{share:.0%}" for share in shares.values()],
        "textposition": "outside",
        "cliponaxis": False,
        "marker": {"color": look.train},
        "hovertemplate": "%{y}: %{x:.1%}<extra></extra>",
    }
    layout = plain_layout(look) | {
        "showlegend": False,
        "xaxis": plain_axis(look) | {"range": [0, 1.1 * max([*shares.values(), 0.01])], "tickformat": ".0%"},
        "yaxis": plain_axis(look) | {"autorange": "reversed", "type": "category", "showgrid": False},
        "margin": {"l": 8, "r": 24, "t": 12, "b": 8},
        "bargap": 0.35,
        "hovermode": "closest",
    }
    return {"data": [trace], "layout": layout}


def slice_figure(trials: Sequence[Trial], judging: Judging, name: str, best: Iterable[int]) -> Figure:
    """What trials came to by the value of one hyperparameter; the best ones as stars."""
    look, winners = judging.look, set(best)
    judged = sample([trial for trial in trials if trial.judged], judging)
    stars = [trial for trial in judged if trial.number in winners]
    traces = [
        _slice_points(judged, judging, name, {"color": look.train, "size": 7, "opacity": 0.6}),
        _slice_points(stars, judging, name, {"color": look.best, "size": 14, "symbol": "star"}),
    ]
    layout = _layout(judging, judging.labels[name], f"slice-{name}") | {"showlegend": False}
    layout["xaxis"] |= _scale(judging.space[name])
    layout["yaxis"]["title"] = {"text": ""}
    layout["margin"] = {"l": 8, "r": 8, "t": 12, "b": 8}
    return {"data": [trace for trace in traces if trace["x"]], "layout": layout}


def _slice_points(trials: Sequence[Trial], judging: Judging, name: str, marker: Figure) -> Figure:
    return {
        "type": "scatter",
        "mode": "markers",
        "x": _places(judging.space[name], [trial.params[name] for trial in trials]),
        "y": [_number(judging.value(trial)) for trial in trials],
        "text": [str(trial.number) for trial in trials],
        "customdata": [trial.run.id for trial in trials],
        "marker": marker,
        "hovertemplate": f"%{{x}}: %{{y:{judging.format}}}<extra>{_('Trial')} %{{text}}</extra>",
    }


def contour_figure(trials: Sequence[Trial], judging: Judging, across: str, up: str) -> Figure:
    """What trials came to by two hyperparameters: between them it is estimated, nearer trials counting more."""
    look = judging.look
    shown = sample([trial for trial in trials if trial.judged], judging)
    if not shown:
        return {"data": [], "layout": plain_layout(look)}
    axes = [judging.space[across], judging.space[up]]
    points = [
        np.array([_share(axis, trial.params[n]) for trial in shown]) for axis, n in zip(axes, (across, up), strict=True)
    ]
    ticks = [_grid(axis) for axis in axes]
    shares = [np.array([_share(axis, value) for value in values]) for axis, values in zip(axes, ticks, strict=True)]
    values = np.array([judging.value(trial) for trial in shown], float)
    far = (shares[0][None, :, None] - points[0]) ** 2 + (shares[1][:, None, None] - points[1]) ** 2
    weights = 1 / (far + 1e-3)
    surface = (weights @ values) / weights.sum(axis=2)
    discrete = any(isinstance(axis, Choices) for axis in axes)
    area = {
        "type": "heatmap" if discrete else "contour",
        "x": _places(axes[0], ticks[0]),
        "y": _places(axes[1], ticks[1]),
        "z": [[rounded(float(cell)) for cell in row] for row in surface],
        "colorscale": [[i / 2, colour] for i, colour in enumerate(_SCALES[judging.theme])],
        "reversescale": not judging.more,
        "colorbar": {"title": {"text": judging.title, "side": "right"}, "tickformat": judging.format, "thickness": 14},
        "hoverinfo": "skip",
    }
    dots = {
        "type": "scatter",
        "mode": "markers",
        "x": _places(axes[0], [trial.params[across] for trial in shown]),
        "y": _places(axes[1], [trial.params[up] for trial in shown]),
        "text": [f"{_('Trial')} {trial.number}" for trial in shown],
        "customdata": [trial.run.id for trial in shown],
        "marker": {
            "color": values.round(6).tolist(),
            "colorscale": area["colorscale"],
            "reversescale": not judging.more,
            "size": 9,
            "line": {"color": look.text, "width": 1},
        },
        "cliponaxis": False,
        "hovertemplate": f"%{{x}}, %{{y}}: %{{marker.color:{judging.format}}}<extra>%{{text}}</extra>",
    }
    layout = _layout(judging, judging.labels[across], f"contour-{across}-{up}") | {"showlegend": False}
    layout["xaxis"] |= _scale(axes[0]) | {"showgrid": False}
    layout["yaxis"] = plain_axis(look) | {"title": {"text": judging.labels[up]}, "showgrid": False} | _scale(axes[1])
    return {"data": [area, dots], "layout": layout}


def _grid(domain: Domain) -> list[Any]:
    match domain:
        case Choices(options):
            return list(options)
        case Range(low, high, log=log):
            return [float(f"{value:.6g}") for value in (np.geomspace if log else np.linspace)(low, high, _CELLS)]


def _share(domain: Domain, value: Any) -> float:
    """Where a value lies between the ends of its domain; a narrowed one may lie beyond them."""
    match domain:
        case Choices(options):
            return options.index(value) / max(1, len(options) - 1) if value in options else 0.0
        case Range(low, high) if low == high:
            return 0.0
        case Range(low, high, log=log):
            scale = np.log if log else float
            return float((scale(value) - scale(low)) / (scale(high) - scale(low)))


def workers_figure(trials: Sequence[Trial], judging: Judging, now: datetime) -> Figure:
    """Who trained what and when: a bar for each run, in a row for each slot."""
    look = judging.look
    began = [(run.started_at, run) for trial in trials for run in trial.runs if run.started_at is not None]
    if not began:
        return {"data": [], "layout": plain_layout(look)}
    first = min(at for at, _run in began)
    began = sorted(began, key=lambda pair: (pair[0], pair[1].id))[-MOST_TRIALS:]
    begun = [run for _at, run in began]
    spans = [((at - first).total_seconds(), ((run.ended_at or now) - first).total_seconds()) for at, run in began]
    hours = spans[-1][1] > 7200
    unit, size = (_("Hours since the first trial"), 3600) if hours else (_("Minutes since the first trial"), 60)
    rows = [run.slot or lane for run, lane in zip(begun, lanes(spans), strict=True)]
    colours = {
        RunState.COMPLETED: look.train, RunState.RUNNING: look.validation, RunState.PRUNED: "#9AA0AA",
        RunState.STOPPED: "#9AA0AA", RunState.PAUSED: look.grid, RunState.FAILED: look.extra[3], RunState.CANCELED: look.extra[3],
    }  # fmt: skip
    traces = []
    for state, colour in colours.items():
        mine = [(run, span, row) for run, span, row in zip(begun, spans, rows, strict=True) if run.state is state]
        traces.append(
            {
                "type": "bar",
                "orientation": "h",
                "name": _(STATES[state].word),
                "y": [row for _run, _span, row in mine],
                "base": [rounded(span[0] / size) for _run, span, _row in mine],
                "x": [rounded(max(span[1] - span[0], 0.0) / size) for _run, span, _row in mine],
                "text": [str(run.trial) for run, _span, _row in mine],
                "customdata": [run.id for run, _span, _row in mine],
                "textposition": "inside" if len(begun) <= 60 else "none",
                "insidetextanchor": "middle",
                "marker": {"color": colour, "line": {"color": look.surface, "width": 1}},
                "hovertemplate": f"{_('Trial')} %{{text}}: {_('Run')} %{{customdata}}<extra>{_(STATES[state].word)}</extra>",
            }
        )
    layout = plain_layout(look) | {
        "barmode": "overlay",
        "bargap": 0.25,
        "xaxis": plain_axis(look) | {"title": {"text": unit, "standoff": 6}, "rangemode": "tozero"},
        "yaxis": plain_axis(look) | {"type": "category", "categoryorder": "category descending", "showgrid": False},
        "margin": {"l": 8, "r": 8, "t": 12, "b": 36},
        "hovermode": "closest",
        "uirevision": "workers",
    }
    return {"data": [trace for trace in traces if trace["x"]], "layout": layout}


def lanes(spans: Sequence[tuple[float, float]]) -> list[str]:
    """For spans in the order of their beginnings the first row in which nothing else is: for runs whose slot is not known."""
    ends: list[float] = []
    found = []
    for begin, end in spans:
        row = next((i for i, until in enumerate(ends) if until <= begin), len(ends))
        ends[row : row + 1] = [end]
        found.append(f"{_('Worker')} {row + 1}")
    return found


def front_figure(trials: Sequence[Trial], judging: Judging, best: Sequence[Trial], across: int, up: int) -> Figure:
    """Two objectives against each other; the trials that no other one beats are joined."""
    look = judging.look
    shown = sample([trial for trial in trials if trial.judged], judging)
    front = sorted(best, key=lambda trial: trial.values[across] or 0.0)[:MOST_TRIALS]
    form = f"%{{x:{judging.formats[across]}}}, %{{y:{judging.formats[up]}}}<br>%{{text}}<extra></extra>"
    kinds: list[tuple[str, Sequence[Trial], Figure]] = [
        (_("Trials"), shown, {"mode": "markers", "marker": {"color": look.train, "size": 8, "opacity": 0.55}}),
        (
            _("Not beaten by any other"),
            front,
            {
                "mode": "markers+lines",
                "marker": {"color": look.best, "size": 12, "symbol": "diamond"},
                "line": {"color": look.best, "width": 1.5, "dash": "dot"},
            },
        ),
    ]
    traces = [
        {
            "type": "scatter",
            "name": name,
            "x": [_number(trial.values[across]) for trial in some],
            "y": [_number(trial.values[up]) for trial in some],
            "text": _hovers(some, judging),
            "customdata": [trial.run.id for trial in some],
            "hovertemplate": form,
        }
        | marks
        for name, some, marks in kinds
        if some
    ]
    layout = _layout(judging, judging.titles[across], f"front-{across}-{up}")
    layout["xaxis"]["tickformat"] = judging.formats[across]
    layout["yaxis"] |= {"title": {"text": judging.titles[up]}, "tickformat": judging.formats[up]}
    return {"data": traces, "layout": layout}


def _layout(judging: Judging, x_title: str, what: str) -> Figure:
    look = judging.look
    return plain_layout(look) | {
        "uirevision": what,
        "hovermode": "closest",
        "margin": {"l": 8, "r": 8, "t": 12, "b": 36},
        "xaxis": plain_axis(look) | {"title": {"text": x_title, "standoff": 6}},
        "yaxis": plain_axis(look) | {"title": {"text": judging.title}, "tickformat": judging.format},
    }


def _scale(domain: Domain) -> Figure:
    match domain:
        case Choices(options):
            return {"type": "category", "categoryorder": "array", "categoryarray": [value_text(o) for o in options]}
        case Range(log=True):
            return {"type": "log", "dtick": 1, "tickformat": "~g"}
        case _:
            return {}


def _places(domain: Domain, values: Sequence[Any]) -> list[Any]:
    """Values on an axis: numbers, or the words for choices."""
    words = choice_words(domain)
    return [words.get(value, str(value)) if words else rounded(float(value)) for value in values]


def _number(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else rounded(float(value))


def _hovers(trials: Sequence[Trial], judging: Judging, most: int = 8) -> list[str]:
    """The values of each trial, a line for each hyperparameter."""
    columns = []
    for name, domain in [*judging.space.items()][:most]:
        words = choice_words(domain)
        values = [trial.params[name] for trial in trials]
        shown = [words.get(v) or (f"{v:.4g}" if isinstance(v, float) else str(v)) for v in values]
        columns.append([f"{judging.labels[name]}: {text}" for text in shown])
    return ["<br>".join(lines) for lines in zip(*columns, strict=True)]


def _short(text: str, most: int = 22) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
