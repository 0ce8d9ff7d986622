"""Two objectives against each other."""

from collections.abc import Sequence

from engine.search.trials import Trial
from ui.charts.figures import Figure
from ui.language import _
from ui.studies.charts.axes import hovers_of, layout_of, number_of
from ui.studies.charts.goal import MOST_TRIALS, Goal, sample


def front_figure(trials: Sequence[Trial], goal: Goal, best: Sequence[Trial], across: int, up: int) -> Figure:
    """Two objectives against each other; the trials that no other one beats are joined."""
    look = goal.look
    shown = sample([trial for trial in trials if trial.evaluated], goal)
    front = sorted(best, key=lambda trial: trial.values[across] or 0.0)[:MOST_TRIALS]
    form = f"%{{x:{goal.formats[across]}}}, %{{y:{goal.formats[up]}}}<br>%{{text}}<extra></extra>"
    kinds: list[tuple[str, Sequence[Trial], Figure]] = [
        (_("Trials"), shown, {"mode": "markers", "marker": {"color": look.train, "size": 8, "opacity": 0.55}}),
        (
            _("Pareto-optimal"),
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
            "x": [number_of(trial.values[across]) for trial in some],
            "y": [number_of(trial.values[up]) for trial in some],
            "text": hovers_of(some, goal),
            "customdata": [trial.run.id for trial in some],
            "hovertemplate": form,
        }
        | marks
        for name, some, marks in kinds
        if some
    ]
    layout = layout_of(goal, goal.titles[across], f"front-{across}-{up}")
    layout["xaxis"]["tickformat"] = goal.formats[across]
    layout["yaxis"] |= {"title": {"text": goal.titles[up]}, "tickformat": goal.formats[up]}
    return {"data": traces, "layout": layout}
