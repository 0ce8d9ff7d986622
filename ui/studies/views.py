"""The ways to look at the trials of a study: one chart at a time, whose name stands in the address."""

from collections.abc import Callable
from dataclasses import dataclass, field

import streamlit as st

from engine.search.importance import LEAST_TRIALS
from engine.search.trials import TrialReader
from engine.studies import Study
from ui.language import N_, _
from ui.navigation import page
from ui.studies.bound import bound_choice
from ui.studies.feed import StudyFeed
from ui.studies.plots import (
    Scene,
    draw_contour,
    draw_curves,
    draw_front,
    draw_history,
    draw_importance,
    draw_parallel,
    draw_slices,
    draw_workers,
)
from ui.widgets.live_plot import Chart, live_plots


@dataclass(frozen=True)
class View:
    """One way to look at the trials. `enough`: how many evaluated ones it needs to say anything."""

    title: str
    help: str
    draw: Callable[[Scene], list[Chart]]
    enough: int = 1
    by_objective: bool = field(default=True, kw_only=True)
    """Whether it shows one objective, which is chosen where there are several."""


VIEWS = {
    "history": View(
        N_("History"),
        N_("Result of each trial, and the best so far. Click a point to open its run."),
        draw_history,
        0,
    ),
    "curves": View(
        N_("Learning curves"),
        N_("The quality after each epoch. Click a curve to open its run."),
        draw_curves,
        0,
        by_objective=False,
    ),
    "parallel": View(
        N_("Parallel coordinates"),
        N_("A line for each trial. Drag along an axis to keep only the trials in that range."),
        draw_parallel,
        2,
    ),
    "importance": View(
        N_("Importances"),
        N_("How much each hyperparameter separates the best tenth of the trials from the others (PED-ANOVA)."),
        draw_importance,
        LEAST_TRIALS,
    ),
    "slices": View(
        N_("Slices"),
        N_("Result of the trials by the value of each hyperparameter. Click a point to open its run."),
        draw_slices,
    ),
    "contour": View(
        N_("Contour"), N_("Two hyperparameters together; values between trials are estimates."), draw_contour, 3
    ),
    "workers": View(
        N_("Workers"), N_("Trials over time. Click a bar to open its run."), draw_workers, 0, by_objective=False
    ),
    "front": View(
        N_("Pareto front"),
        N_("Trials that no other trial beats in all objectives. Click one to open its run."),
        draw_front,
        by_objective=False,
    ),
}
"""By the name that stands in the address."""


def draw_charts(study: Study, feed: StudyFeed, reader: TrialReader) -> None:
    """Draw the chart that is chosen, and none of the others."""
    name = _choose_view(study)
    view = VIEWS[name]
    st.caption(_(view.help))
    evaluated = feed.keep("evaluated", lambda: sum(trial.evaluated for trial in feed.trials))
    if evaluated < view.enough:
        words = _("This chart needs {count} completed trials; there are {now} so far.")
        st.info(words.format(count=view.enough, now=evaluated), icon=":material/hourglass_empty:")
        return
    clicked = live_plots(
        view.draw(Scene.of(name, study, feed, reader, by_objective=view.by_objective)),
        key=f"study-{study.id}-{name}",
        failed=_("The chart cannot be drawn: the browser could not load Plotly from this server."),
    )
    if clicked is not None and any(run.id == clicked for trial in feed.trials for run in trial.runs):
        st.switch_page(page("run"), query_params={"run": str(clicked)})


def _choose_view(study: Study) -> str:
    names = [name for name in VIEWS if name != "front" or len(study.spec.objectives) > 1]
    return bound_choice("view", names, lambda name: _(VIEWS[name].title), _("Chart"), _("Chart to show."), row=True)
