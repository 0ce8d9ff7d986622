"""Slice plot of an objective over one hyperparameter."""

from collections.abc import Iterable, Sequence

from engine.search.trials import Trial
from ui.charts.figures import Figure
from ui.language import _
from ui.studies.charts.axes import layout_of, number_of, places_of, scale_of
from ui.studies.charts.goal import Goal, sample


def slice_figure(trials: Sequence[Trial], goal: Goal, name: str, best: Iterable[int]) -> Figure:
    """Return the result of trials by the value of one hyperparameter; the best ones as stars."""
    look, winners = goal.look, set(best)
    evaluated = sample([trial for trial in trials if trial.evaluated and name in trial.params], goal)
    stars = [trial for trial in evaluated if trial.number in winners]
    traces = [
        _slice_points(evaluated, goal, name, {"color": look.train, "size": 7, "opacity": 0.6}),
        _slice_points(stars, goal, name, {"color": look.best, "size": 14, "symbol": "star"}),
    ]
    layout = layout_of(goal, goal.labels[name], f"slice-{name}") | {"showlegend": False}
    layout["xaxis"] |= scale_of(goal.space[name])
    layout["yaxis"]["title"] = {"text": ""}
    layout["margin"] = {"l": 8, "r": 8, "t": 12, "b": 8}
    return {"data": [trace for trace in traces if trace["x"]], "layout": layout}


def _slice_points(trials: Sequence[Trial], goal: Goal, name: str, marker: Figure) -> Figure:
    return {
        "type": "scatter",
        "mode": "markers",
        "x": places_of(goal.space[name], [trial.params[name] for trial in trials]),
        "y": [number_of(goal.value(trial)) for trial in trials],
        "text": [str(trial.number) for trial in trials],
        "customdata": [trial.run.id for trial in trials],
        "marker": marker,
        "hovertemplate": f"%{{x}}: %{{y:{goal.format}}}<extra>{_('Trial')} %{{text}}</extra>",
    }
