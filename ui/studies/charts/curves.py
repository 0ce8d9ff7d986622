"""The learning curves of all trials."""

from collections.abc import Collection, Iterable, Sequence

import numpy as np

from engine.search.trials import Trial
from ui.charts.figures import Figure
from ui.charts.series import rounded
from ui.language import _
from ui.studies.charts.axes import layout_of, number_of
from ui.studies.charts.goal import Goal, sample

MOST_CURVES = 250
"""Most learning curves of one kind."""


MOST_CURVE_POINTS = 3_000
"""Most points of all learning curves of one kind together."""


def curves_figure(trials: Sequence[Trial], goal: Goal, best: Iterable[int]) -> Figure:
    """The quality after each epoch: given-up trials grey, those that go on and the best one in colours of their own."""
    look, winners = goal.look, set(best)
    kinds: dict[str, list[Trial]] = {"pruned": [], "ended": [], "going": [], "best": []}
    for trial in trials:
        kinds[_kind(trial, winners)].append(trial)
    looks = {
        "pruned": (_("Pruned or stopped"), "#9AA0AA", 1.0, 0.55),
        "ended": (_("Completed"), look.train, 1.0, 0.6),
        "going": (_("Not ended yet"), look.validation, 2.0, 0.9),
        "best": (_("Best so far"), look.best, 3.0, 1.0),
    }
    traces = [_curves(kinds[kind], goal, *looks[kind]) for kind in kinds]
    layout = layout_of(goal, _("Epoch"), "curves")
    layout["xaxis"]["rangemode"] = "tozero"
    return {"data": [trace for trace in traces if trace["x"]], "layout": layout}


def _kind(trial: Trial, winners: Collection[int]) -> str:
    """Return the kind of a trial, which decides the colour of its curve."""
    if not trial.state.final:
        return "going"
    if trial.number in winners:
        return "best"
    return "ended" if trial.evaluated else "pruned"


def _curves(trials: Sequence[Trial], goal: Goal, name: str, colour: str, width: float, opacity: float) -> Figure:
    """Many curves as one trace with gaps, which a browser draws a hundred times faster than as many traces."""
    runs = [run for trial in sample(trials, goal, MOST_CURVES) for run in trial.runs if run.curve]
    points = max(6, MOST_CURVE_POINTS // max(1, len(runs)))
    xs: list[float | None] = []
    ys: list[float | None] = []
    ids: list[int | None] = []
    for run in runs:
        epochs = np.linspace(1, max(run.epoch, 1), len(run.curve)) if len(run.curve) > 1 else [max(run.epoch, 1)]
        step = max(1, -(-len(run.curve) // points))
        picked = sorted({*range(0, len(run.curve), step), len(run.curve) - 1})
        xs += [*(rounded(float(epochs[i])) for i in picked), None]
        ys += [*(number_of(run.curve[i]) for i in picked), None]
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
        "hovertemplate": f"%{{y:{goal.format}}}<extra>{_('Run')} %{{customdata}}</extra>",
    }
