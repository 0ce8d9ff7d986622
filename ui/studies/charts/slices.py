"""Slice plot of an objective over one hyperparameter."""

from collections.abc import Iterable, Sequence

from engine.search.trials import Trial
from ui.charts.figures import Figure
from ui.language import _
from ui.studies.charts.axes import layout_of, number_of, places_of, scale_of
from ui.studies.charts.judging import Judging, sample


def slice_figure(trials: Sequence[Trial], judging: Judging, name: str, best: Iterable[int]) -> Figure:
    """What trials came to by the value of one hyperparameter; the best ones as stars."""
    look, winners = judging.look, set(best)
    judged = sample([trial for trial in trials if trial.judged], judging)
    stars = [trial for trial in judged if trial.number in winners]
    traces = [
        _slice_points(judged, judging, name, {"color": look.train, "size": 7, "opacity": 0.6}),
        _slice_points(stars, judging, name, {"color": look.best, "size": 14, "symbol": "star"}),
    ]
    layout = layout_of(judging, judging.labels[name], f"slice-{name}") | {"showlegend": False}
    layout["xaxis"] |= scale_of(judging.space[name])
    layout["yaxis"]["title"] = {"text": ""}
    layout["margin"] = {"l": 8, "r": 8, "t": 12, "b": 8}
    return {"data": [trace for trace in traces if trace["x"]], "layout": layout}


def _slice_points(trials: Sequence[Trial], judging: Judging, name: str, marker: Figure) -> Figure:
    return {
        "type": "scatter",
        "mode": "markers",
        "x": places_of(judging.space[name], [trial.params[name] for trial in trials]),
        "y": [number_of(judging.value(trial)) for trial in trials],
        "text": [str(trial.number) for trial in trials],
        "customdata": [trial.run.id for trial in trials],
        "marker": marker,
        "hovertemplate": f"%{{x}}: %{{y:{judging.format}}}<extra>{_('Trial')} %{{text}}</extra>",
    }
