"""The value of each trial by its number, and the best so far."""

from collections.abc import Sequence

from engine.search.trials import Trial
from ui.charts.figures import Figure
from ui.language import _
from ui.studies.charts.axes import hovers_of, layout_of, number_of
from ui.studies.charts.goal import Goal, sample


def history_figure(trials: Sequence[Trial], goal: Goal) -> Figure:
    """The value of each trial by its number, with a line of the best so far."""
    look = goal.look
    evaluated = [trial for trial in trials if trial.evaluated]
    shown = sample(evaluated, goal)
    given_up = sample([t for t in trials if t.state.final and not t.evaluated and goal.value(t) is not None], goal)
    traces = [
        _points(given_up, goal, _("Pruned or stopped"), "#8A8F99", "x-thin-open"),
        _points(shown, goal, _("Trials"), look.train, "circle"),
        _best_line(evaluated, goal),
    ]
    layout = layout_of(goal, _("Trial"), "history")
    return {"data": [trace for trace in traces if trace["x"]], "layout": layout}


def _points(trials: Sequence[Trial], goal: Goal, name: str, colour: str, symbol: str) -> Figure:
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": [trial.number for trial in trials],
        "y": [number_of(goal.value(trial)) for trial in trials],
        "text": hovers_of(trials, goal),
        "customdata": [trial.run.id for trial in trials],
        "marker": {
            "color": colour,
            "symbol": symbol,
            "size": 8,
            "opacity": 0.75,
            "line": {"width": 1.5 * ("x" in symbol)},
        },
        "hovertemplate": f"%{{y:{goal.format}}}<br>%{{text}}<extra>{_('Trial')} %{{x}}</extra>",
    }


def _best_line(evaluated: Sequence[Trial], goal: Goal) -> Figure:
    """Only the trials that were better than all before them, and the last one."""
    xs: list[int] = []
    ys: list[float | None] = []
    best: float | None = None
    for trial in evaluated:
        value = goal.value(trial)
        if value is not None and (best is None or (value > best if goal.more else value < best)):
            best = value
            xs.append(trial.number)
            ys.append(number_of(value))
    if evaluated and xs:
        xs.append(evaluated[-1].number)
        ys.append(number_of(best))
    return {
        "type": "scatter",
        "mode": "lines",
        "name": _("Best so far"),
        "x": xs,
        "y": ys,
        "line": {"color": goal.look.best, "width": 2.5, "shape": "hv"},
        "hoverinfo": "skip",
    }
