"""Views of a study: the choices above the chart, its label for screen readers, and its figure."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import streamlit as st

from engine.search.importance import importances
from engine.search.trials import TrialReader
from engine.studies import QUALITY, Study
from ui.charts.figures import Figure
from ui.language import _, language
from ui.studies.bound import bound_choice
from ui.studies.charts.contour import contour_figure
from ui.studies.charts.curves import curves_figure
from ui.studies.charts.front import front_figure
from ui.studies.charts.goal import Goal
from ui.studies.charts.history import history_figure
from ui.studies.charts.importance import importance_figure
from ui.studies.charts.parallel import parallel_figure
from ui.studies.charts.slices import slice_figure
from ui.studies.charts.workers import workers_figure
from ui.studies.feed import StudyFeed
from ui.studies.words import objective_format, objective_title
from ui.theme import theme_name
from ui.widgets.live_plot import Chart

MOST_SLICES = 12
"""Most hyperparameters that are drawn at the same time."""


def goal_of(study: Study, reader: TrialReader, objective: int = 0) -> Goal:
    """Return what all charts of the study share, in the viewer's language and colours."""
    names = study.spec.objectives
    return Goal(
        space=study.spec.space,
        labels={name: _(field.label) for name, field in reader.fields.items() if name in study.spec.space},
        titles=tuple(objective_title(name, reader.metric) for name in names),
        maximize=reader.maximize,
        formats=tuple(objective_format(name, reader.metric) for name in names),
        theme=theme_name(),
        objective=objective,
    )


@dataclass(frozen=True)
class Scene:
    """A study as one view draws it. Figures are kept for all viewers who look at the same."""

    view: str
    study: Study
    feed: StudyFeed
    reader: TrialReader
    goal: Goal

    @classmethod
    def of(cls, view: str, study: Study, feed: StudyFeed, reader: TrialReader, *, by_objective: bool) -> "Scene":
        """Ask which objective to show where there are several, and return the scene."""
        several = by_objective and len(study.spec.objectives) > 1
        objective = _choose_objective(study, reader) if several else 0
        return cls(view, study, feed, reader, goal_of(study, reader, objective))

    @property
    def best(self) -> list[int]:
        """The numbers of the best trials."""
        return [trial.number for trial in self.feed.best]

    def chart(
        self,
        name: str,
        build: Callable[[], Figure],
        label: str,
        height: int,
        width: str = "full",
        *,
        live: bool = False,
    ) -> Chart:
        """Return a chart; its figure is built again when trials have ended, with `live` when any has moved."""
        key = (self.view, name, self.goal.objective, self.goal.theme, language())
        return Chart(name, self.feed.figure(key, build, live=live), label, height, width)


def draw_history(scene: Scene) -> list[Chart]:
    """The value of each trial by its number."""
    label = _("{objective} of each trial, with the best so far").format(objective=scene.goal.title)
    return [scene.chart("history", lambda: history_figure(scene.feed.trials, scene.goal), label, 400)]


def draw_curves(scene: Scene) -> list[Chart]:
    """Learning curves show the quality, whatever trials are evaluated by."""
    metric = scene.reader.metric
    quality = replace(
        scene.goal,
        titles=(objective_title(QUALITY, metric),),
        maximize=(scene.reader.quality_maximize,),
        formats=(objective_format(QUALITY, metric),),
    )
    label = _("{objective} of all trials after each epoch").format(objective=quality.title)
    figure = lambda: curves_figure(scene.feed.trials, quality, scene.best)  # noqa: E731
    return [scene.chart("curves", figure, label, 440, live=True)]


def draw_parallel(scene: Scene) -> list[Chart]:
    """A line for each trial."""
    label = _("Parallel coordinates of {count} trials").format(count=len(scene.feed.trials))
    return [scene.chart("parallel", lambda: parallel_figure(scene.feed.trials, scene.goal), label, 460)]


def draw_slices(scene: Scene) -> list[Chart]:
    """A chart for each hyperparameter."""
    names = list(scene.study.spec.space)[:MOST_SLICES]
    width = "full" if len(names) == 1 else "half" if len(names) in (2, 4) else "third"
    return [_slice(scene, name, width) for name in names]


def _slice(scene: Scene, name: str, width: str) -> Chart:
    goal = scene.goal
    label = _("{objective} by {name}").format(objective=goal.title, name=goal.labels[name])
    return scene.chart(name, lambda: slice_figure(scene.feed.trials, goal, name, scene.best), label, 280, width)


def draw_contour(scene: Scene) -> list[Chart]:
    """Two hyperparameters, which are chosen above."""
    goal, names = scene.goal, list(scene.study.spec.space)
    if len(names) < 2:
        st.info(_("Only one hyperparameter varies; see the slices."), icon=":material/info:")
        return []
    help_ = _("One of the two hyperparameters.")
    with st.container(horizontal=True):
        across = bound_choice("x", names, goal.labels.__getitem__, _("Horizontal"), help_)
        up = bound_choice("y", names, goal.labels.__getitem__, _("Vertical"), help_, first=1)
    if across == up:
        st.info(_("Choose two different hyperparameters."), icon=":material/info:")
        return []
    label = _("{objective} by {name}").format(objective=goal.title, name=f"{goal.labels[across]}, {goal.labels[up]}")
    figure = lambda: contour_figure(scene.feed.trials, goal, across, up)  # noqa: E731
    return [scene.chart(f"{across}-{up}", figure, label, 480)]


def draw_workers(scene: Scene) -> list[Chart]:
    """Trials over time."""
    label = _("Trials over time, one row per parallel worker")
    now, height = datetime.now(UTC), 130 + 40 * min(scene.study.spec.search.parallel, 12)
    figure = lambda: workers_figure(scene.feed.trials, scene.goal, now)  # noqa: E731
    return [scene.chart("workers", figure, label, height, live=True)]


def draw_front(scene: Scene) -> list[Chart]:
    """Two objectives, which are chosen above where there are more."""
    goal = scene.goal
    across, up = _choose_axes(scene.study, scene.reader)
    label = _("{up} against {across}").format(up=goal.titles[up], across=goal.titles[across])
    figure = lambda: front_figure(scene.feed.trials, goal, scene.feed.best, across, up)  # noqa: E731
    return [scene.chart(f"front-{across}-{up}", figure, label, 440)]


def draw_importance(scene: Scene) -> list[Chart]:
    """Draw the importance of each hyperparameter."""
    shares = scene.feed.keep(("shares", scene.goal.objective), lambda: _shares(scene))
    labels = scene.goal.labels
    label = _("Importances: {list}").format(list=", ".join(f"{labels[n]} {share:.0%}" for n, share in shares.items()))
    return [scene.chart("importance", lambda: importance_figure(shares, scene.goal), label, 80 + 40 * len(shares))]


def _shares(scene: Scene) -> dict[str, float]:
    evaluated = [trial for trial in scene.feed.trials if trial.evaluated]
    objective = scene.goal.objective
    return importances(
        scene.study.spec.space,
        {name: scene.reader.fields[name].type for name in scene.study.spec.space},
        [trial.params for trial in evaluated],
        [float(trial.values[objective] or 0.0) for trial in evaluated],
        maximize=scene.goal.more,
    )


def _choose_objective(study: Study, reader: TrialReader) -> int:
    names = list(study.spec.objectives)
    chosen = bound_choice(
        "objective",
        names,
        lambda name: objective_title(name, reader.metric),
        _("Objective"),
        _("Objective that the chart shows."),
    )
    return names.index(chosen)


def _choose_axes(study: Study, reader: TrialReader) -> tuple[int, int]:
    names = list(study.spec.objectives)
    if len(names) == 2:
        return 1, 0
    words, help_ = (lambda name: objective_title(name, reader.metric)), _("One of the objectives.")
    with st.container(horizontal=True):
        across = bound_choice("across", names, words, _("Horizontal"), help_, first=1)
        up = bound_choice("up", names, words, _("Vertical"), help_)
    return names.index(across), names.index(up)
