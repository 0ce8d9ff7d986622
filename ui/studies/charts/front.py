"""Two objectives against each other."""

from collections.abc import Sequence

from engine.search.trials import Trial
from ui.charts.figures import Figure
from ui.language import _
from ui.studies.charts.axes import hovers_of, layout_of, number_of
from ui.studies.charts.judging import MOST_TRIALS, Judging, sample


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
            "x": [number_of(trial.values[across]) for trial in some],
            "y": [number_of(trial.values[up]) for trial in some],
            "text": hovers_of(some, judging),
            "customdata": [trial.run.id for trial in some],
            "hovertemplate": form,
        }
        | marks
        for name, some, marks in kinds
        if some
    ]
    layout = layout_of(judging, judging.titles[across], f"front-{across}-{up}")
    layout["xaxis"]["tickformat"] = judging.formats[across]
    layout["yaxis"] |= {"title": {"text": judging.titles[up]}, "tickformat": judging.formats[up]}
    return {"data": traces, "layout": layout}
