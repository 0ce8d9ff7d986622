"""Forks as a tree: a line for each run from the epoch where it begins to the one where it is, under its parent."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from engine import service
from engine.access import Actor
from engine.errors import TrainyardError
from engine.runs import Run
from ui import lab
from ui.charts.figures import Figure, plain_axis, plain_layout, to_json
from ui.language import _
from ui.navigation import page
from ui.plain import chart_text
from ui.theme import THEMES, ThemeName, theme_name
from ui.widgets.live_plot import Chart, live_plots
from ui.words import best_text, run_title

MOST = 100
"""Number of runs of one family that are drawn."""
_LANE_PIXELS, _FRAME_PIXELS = 34, 90


@dataclass(frozen=True)
class Lane:
    """One run in the tree: its row, the epochs it spans, and the row of its parent (None: not drawn)."""

    run: Run
    row: int
    start: int
    end: int
    parent_row: int | None


def family_of(actor: Actor, run: Run) -> list[Run]:
    """All relatives of a run, itself included: up to the first known ancestor, and down to all its descendants."""
    line = [run]
    while line[-1].parent_id is not None and len(line) < MOST:
        try:
            line.append(service.runs.get(actor, line[-1].parent_id))
        except TrainyardError:  # deleted: its children stay
            break
    found, waiting = {known.id: known for known in line}, line[::-1]
    while waiting and len(found) < MOST:
        new = [child for child in service.runs.children(actor, waiting.pop(0).id) if child.id not in found]
        for child in new[: MOST - len(found)]:
            found[child.id] = child
            waiting.append(child)
    return list(found.values())


def lanes(runs: Iterable[Run]) -> list[Lane]:
    """Each run in a row of its own, children right below their parent, the older first."""
    known = {run.id: run for run in runs}
    children: dict[int | None, list[Run]] = {}
    for run in sorted(known.values(), key=lambda run: run.id):
        children.setdefault(run.parent_id if run.parent_id in known else None, []).append(run)
    made: list[Lane] = []
    waiting: list[tuple[Run, int | None]] = [(run, None) for run in reversed(children.get(None, []))]
    while waiting:
        run, parent_row = waiting.pop()
        start = run.parent_epoch or 0
        made.append(Lane(run, len(made), start, max(start, run.epoch), parent_row))
        waiting += [(child, made[-1].row) for child in reversed(children.get(run.id, []))]
    return made


def family_figure(drawn: Sequence[Lane], current: int, theme: ThemeName) -> Figure:
    """Lines over epochs, dots at their ends with number and best result; the run that is looked at in colour."""
    look = THEMES[theme]
    lines: dict[str, list[float | None]] = {"x": [], "y": []}
    joints: dict[str, list[float | None]] = {"x": [], "y": []}
    for lane in drawn:
        lines["x"] += [lane.start, lane.end, None]
        lines["y"] += [lane.row, lane.row, None]
        if lane.parent_row is not None:
            joints["x"] += [lane.start, lane.start, None]
            joints["y"] += [lane.parent_row, lane.row, None]
    common = {"type": "scatter", "hoverinfo": "skip", "showlegend": False}
    ends = {
        "type": "scatter",
        "mode": "markers+text",
        "x": [lane.end for lane in drawn],
        "y": [lane.row for lane in drawn],
        "text": [_lane_text(lane) for lane in drawn],
        "textposition": "middle right",
        "cliponaxis": False,
        "customdata": [lane.run.id for lane in drawn],
        "marker": {"size": 12, "color": [look.best if lane.run.id == current else look.train for lane in drawn]},
        "hovertemplate": _("Open run {id}").format(id="%{customdata}") + "<extra></extra>",
        "showlegend": False,
    }
    layout = plain_layout(look) | {
        "xaxis": plain_axis(look) | {"title": {"text": _("Epoch")}, "rangemode": "tozero", "fixedrange": True},
        "yaxis": plain_axis(look) | {"visible": False, "autorange": "reversed", "fixedrange": True},
        "margin": {"l": 16, "r": 160, "t": 8, "b": 40},
        "hovermode": "closest",
    }
    return {
        "data": [
            common | {"mode": "lines", "line": {"color": look.grid, "width": 3}} | joints,
            common | {"mode": "lines", "line": {"color": look.train, "width": 3}} | lines,
            ends,
        ],
        "layout": layout,
    }


def draw_family(run: Run) -> None:
    """The relatives of a run, on its page. Nothing for one without."""
    relatives = family_of(lab.actor(), run)
    if run.parent_id is not None and all(known.id != run.parent_id for known in relatives):
        st.caption(
            _("It was forked from run {parent} at the end of epoch {epoch}. That run was deleted.").format(
                parent=run.parent_id, epoch=run.parent_epoch
            )
        )
    if len(relatives) > 1:
        st.header(_("Forks"))
        draw_tree(relatives, run.id)


def draw_tree(runs: Sequence[Run], current: int = 0) -> None:
    """The tree of these runs. A click on a dot opens its run."""
    drawn = lanes(runs)
    chart = Chart(
        "forks",
        to_json(family_figure(drawn, current, theme_name())),
        _("Family tree of forks, over epochs"),
        _FRAME_PIXELS + _LANE_PIXELS * len(drawn),
        step=len(drawn),
    )
    clicked = live_plots(
        [chart],
        key=f"forks-{current}",
        failed=_("The chart cannot be drawn: the browser could not load Plotly from this server."),
    )
    if clicked and clicked != current and any(run.id == clicked for run in runs):
        st.switch_page(page("run"), query_params={"run": str(clicked)})


def related(runs: Iterable[Run]) -> list[Run]:
    """Of many runs those that were forked or have forks, the newest families first, at most `MOST` runs."""
    known: Mapping[int, Run] = {run.id: run for run in runs}
    parents = {run.parent_id for run in known.values() if run.parent_id is not None}
    found = [run for run in known.values() if run.id in parents or run.parent_id in known]
    return sorted(found, key=lambda run: run.id, reverse=True)[:MOST]


def _lane_text(lane: Lane) -> str:
    best = best_text(lane.run)
    return chart_text(run_title(lane.run), 40) + (f" · {best}" if best else "")
