"""Trials over time, by slot."""

from collections.abc import Sequence
from datetime import datetime

from engine.runs import RunState
from engine.search.trials import Trial
from ui.charts.figures import Figure, plain_axis, plain_layout
from ui.charts.series import rounded
from ui.language import _
from ui.studies.charts.goal import MOST_TRIALS, Goal
from ui.words import STATES


def workers_figure(trials: Sequence[Trial], goal: Goal, now: datetime) -> Figure:
    """Return a bar for each run, in a row for each slot, over time."""
    look = goal.look
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
