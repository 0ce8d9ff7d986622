"""The parts of a study's page that move: how far it is, its charts one at a time, and the table of its trials."""

import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import streamlit as st

from engine.runs import RunState
from engine.search.grid import most_trials
from engine.search.importance import LEAST_TRIALS, importances
from engine.search.trials import Trial, TrialReader
from engine.spec import Range
from engine.studies import QUALITY, Study
from ui.charts.figures import Figure
from ui.language import N_, _, language
from ui.navigation import page
from ui.studies import charts as study_charts
from ui.studies.actions import draw_trial_actions
from ui.studies.charts import Judging
from ui.studies.feed import StudyFeed
from ui.studies.words import (
    STUDY_STATES,
    objective_format,
    objective_text,
    objective_title,
    params_text,
    progress_words,
    seconds_left,
)
from ui.theme import theme_name
from ui.widgets.live_plot import Chart, live_plots
from ui.widgets.pace import SLOWEST_SECONDS, TICKS_PER_SECOND
from ui.words import choice_words, duration_text, is_share, state_text

MOST_ROWS = 1_000
"""The newest trials that the table shows."""
MOST_SLICES = 12
"""Most hyperparameters that are drawn at the same time."""


@dataclass(frozen=True)
class View:
    """One way to look at the trials. `enough`: how many judged ones it needs to say anything."""

    title: str
    help: str
    enough: int = 1


VIEWS = {
    "history": View(N_("History"), N_("What each trial came to, and the best so far. Click a point to open its run."), 0),
    "curves": View(N_("Learning curves"), N_("The quality after each epoch. Click a curve to open its run."), 0),
    "parallel": View(N_("Parallel coordinates"), N_("A line for each trial. Drag along an axis to keep those in between."), 2),
    "importance": View(
        N_("Importances"), N_("Which hyperparameters part the best tenth of the trials from the others (PED-ANOVA)."),
        LEAST_TRIALS,
    ),
    "slices": View(N_("Slices"), N_("What trials came to by the value of each hyperparameter. Click a point to open its run.")),
    "contour": View(N_("Contour"), N_("Two hyperparameters together; between the trials it is an estimate."), 3),
    "workers": View(N_("Workers"), N_("What was trained when. Click a bar to open its run."), 0),
    "front": View(N_("Pareto front"), N_("Trials that no other one beats in all objectives. Click one to open its run.")),
}  # fmt: skip
"""By the name that stands in the address."""


def judging_of(study: Study, reader: TrialReader, objective: int = 0) -> Judging:
    """What all charts of the study share, in the viewer's language and colours."""
    names = study.spec.objectives
    return Judging(
        space=study.spec.space,
        labels={name: _(field.label) for name, field in reader.fields.items() if name in study.spec.space},
        titles=tuple(objective_title(name, reader.metric) for name in names),
        maximize=reader.maximize,
        formats=tuple(objective_format(name, reader.metric) for name in names),
        theme=theme_name(),
        objective=objective,
    )


def study_pace(study: Study, feed: StudyFeed, viewers: int = 1) -> float | None:
    """How often a study's page looks again while `viewers` look at live pages; None once nothing moves any more."""
    if not study.live and not any(trial.live for trial in feed.trials):
        return None
    return min(max(1.0, math.ceil(viewers / TICKS_PER_SECOND)), SLOWEST_SECONDS)


def draw_progress(study: Study, feed: StudyFeed, reader: TrialReader) -> None:
    """The state's badge, the progress bar, and the figures that matter."""
    look = STUDY_STATES[study.state]
    begun = feed.trials[-1].number + 1 if feed.trials else 0
    wanted = max(most_trials(study.spec), begun + len(study.guesses))
    done = begun - sum(not trial.state.final for trial in feed.trials)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.badge(_(look.word), icon=look.icon, color=look.colour)  # type: ignore[arg-type]
        st.caption(progress_words(study, feed.trials, wanted), width="content")
    st.progress(min(1.0, done / max(wanted, 1)))
    figures = [
        (_("Trials"), f"{done:,} / {wanted:,}", _("Those that have ended, of all that there will be.")),
        *_best_figures(study, feed, reader),
        _time_figure(study, feed, wanted),
    ]
    with st.container(horizontal=True):
        for label, value, words in figures:
            st.metric(label, value, border=True, help=words)


def _time_figure(study: Study, feed: StudyFeed, wanted: int) -> tuple[str, str, str]:
    """How long it will still take; of an ended study how long it took."""
    if not study.live:
        return _("Time spent"), duration_text(study.spent_seconds), _("How long it has searched; pauses do not count.")
    left = seconds_left(study, feed.trials, wanted)
    words = _("By how long the last trials took, and by the budget.")
    return _("Time left"), duration_text(left) if left is not None else "–", words


def _best_figures(study: Study, feed: StudyFeed, reader: TrialReader) -> list[tuple[str, str, str]]:
    found = []
    for i, name in enumerate(study.spec.objectives):
        values = [value for trial in feed.best if (value := trial.values[i]) is not None]
        best = (max if reader.maximize[i] else min)(values) if values else None
        title = objective_title(name, reader.metric)
        words = _("The best of the trials that have completed.")
        found.append((_("Best: {objective}").format(objective=title), objective_text(name, reader.metric, best), words))
    return found


def draw_best(study: Study, feed: StudyFeed, judging: Judging) -> None:
    """The values of the best trial, and the way to its run."""
    if len(feed.best) != 1 or len(study.spec.objectives) > 1:
        return
    best = feed.best[0]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.page_link(
            page("run"),
            label=_("Best trial: {number}").format(number=best.number),
            icon=":material/star:",
            query_params={"run": str(best.run.id)},
            help=_("Its page, with all curves."),
        )
        st.caption(params_text(dict(judging.labels), best.params), width="content")


def choose_view(study: Study) -> str:
    """The chart that is looked at; its name stands in the address."""
    names = [name for name in VIEWS if name != "front" or len(study.spec.objectives) > 1]
    return bound_choice(
        "view", names, lambda name: _(VIEWS[name].title), _("Chart"), _("One chart at a time is drawn."), row=True
    )


def bound_choice(
    name: str,
    options: Sequence[str],
    words: Callable[[str], str],
    label: str,
    help_: str,
    *,
    row: bool = False,
    first: int = 0,
) -> str:
    """A choice that stands in the address by its name, in whatever language it is shown."""
    asked, key = st.query_params.get(name, ""), f"study.{name}"
    if st.session_state.get(key) not in options:
        st.session_state[key] = asked if asked in options else options[min(first, len(options) - 1)]
    if row:
        st.segmented_control(label, options, format_func=words, key=key, required=True, wrap=True, help=help_)
    else:
        st.selectbox(label, options, format_func=words, key=key, help=help_)
    chosen = str(st.session_state[key])
    if chosen != asked and (asked or chosen != options[0]):
        st.query_params[name] = chosen
    return chosen


def draw_charts(study: Study, feed: StudyFeed, reader: TrialReader) -> None:
    """The chart that is chosen, and none of the others."""
    view = choose_view(study)
    st.caption(_(VIEWS[view].help))
    judged = feed.keep("judged", lambda: sum(trial.judged for trial in feed.trials))
    if judged < VIEWS[view].enough:
        words = _("This chart needs {count} completed trials; there are {now} so far.")
        st.info(words.format(count=VIEWS[view].enough, now=judged), icon=":material/hourglass_empty:")
        return
    charts = _charts(view, study, feed, reader)
    clicked = live_plots(
        charts,
        key=f"study-{study.id}-{view}",
        failed=_("The chart cannot be drawn: the browser could not load Plotly from this server."),
    )
    if clicked is not None and any(run.id == clicked for trial in feed.trials for run in trial.runs):
        st.switch_page(page("run"), query_params={"run": str(clicked)})


def _charts(view: str, study: Study, feed: StudyFeed, reader: TrialReader) -> list[Chart]:
    objective = 0
    if len(study.spec.objectives) > 1 and view in ("history", "parallel", "importance", "slices", "contour"):
        objective = _choose_objective(study, reader)
    judging = judging_of(study, reader, objective)
    trials, best = feed.trials, [trial.number for trial in feed.best]

    def chart(
        name: str, build: Callable[[], Figure], label: str, height: int, width: str = "full", live: bool = False
    ) -> Chart:
        key = (view, name, objective, judging.theme, language())
        return Chart(name, feed.figure(key, build, live=live), label, height, width)

    title = judging.title
    match view:
        case "history":
            label = _("{objective} of each trial, with the best so far").format(objective=title)
            return [chart("history", lambda: study_charts.history_figure(trials, judging), label, 400)]
        case "curves":
            quality = _quality(judging, reader)
            label = _("{objective} of all trials after each epoch").format(objective=quality.title)
            return [chart("curves", lambda: study_charts.curves_figure(trials, quality, best), label, 440, live=True)]
        case "parallel":
            label = _("Parallel coordinates of {count} trials").format(count=len(trials))
            return [chart("parallel", lambda: study_charts.parallel_figure(trials, judging), label, 460)]
        case "importance":
            shares = feed.keep(("shares", objective), lambda: _shares(study, reader, trials, objective))
            label = _("Importances: {list}").format(
                list=", ".join(f"{judging.labels[n]} {share:.0%}" for n, share in shares.items())
            )
            height = 80 + 40 * len(shares)
            return [chart("importance", lambda: study_charts.importance_figure(shares, judging), label, height)]
        case "slices":
            names = list(study.spec.space)[:MOST_SLICES]
            width = "full" if len(names) == 1 else "half" if len(names) in (2, 4) else "third"
            return [_slice(chart, trials, judging, name, best, width) for name in names]
        case "contour":
            return _contour(chart, study, trials, judging)
        case "workers":
            label = _("What was trained when, a row for each that trained at the same time")
            now, height = datetime.now(UTC), 130 + 40 * min(study.spec.search.parallel, 12)
            return [
                chart("workers", lambda: study_charts.workers_figure(trials, judging, now), label, height, live=True)
            ]
        case _:
            across, up = _choose_axes(study, reader)
            label = _("{up} against {across}").format(up=judging.titles[up], across=judging.titles[across])
            figure = lambda: study_charts.front_figure(trials, judging, feed.best, across, up)  # noqa: E731
            return [chart(f"front-{across}-{up}", figure, label, 440)]


def _quality(judging: Judging, reader: TrialReader) -> Judging:
    """Learning curves show the quality, whatever trials are judged by."""
    title, form = objective_title(QUALITY, reader.metric), objective_format(QUALITY, reader.metric)
    return Judging(judging.space, judging.labels, (title,), (reader.quality_maximize,), (form,), judging.theme)


def _slice(
    chart: Callable[..., Chart], trials: list[Trial], judging: Judging, name: str, best: list[int], width: str
) -> Chart:
    label = _("{objective} by {name}").format(objective=judging.title, name=judging.labels[name])
    return chart(name, lambda: study_charts.slice_figure(trials, judging, name, best), label, 280, width)


def _contour(chart: Callable[..., Chart], study: Study, trials: list[Trial], judging: Judging) -> list[Chart]:
    names = list(study.spec.space)
    if len(names) < 2:
        st.info(_("Only one hyperparameter varies: the slices show it."), icon=":material/info:")
        return []
    help_ = _("One of the two hyperparameters.")
    with st.container(horizontal=True):
        across = bound_choice("x", names, judging.labels.__getitem__, _("Across"), help_)
        up = bound_choice("y", names, judging.labels.__getitem__, _("Up"), help_, first=1)
    if across == up:
        st.info(_("Choose two different hyperparameters."), icon=":material/info:")
        return []
    label = _("{objective} by {name}").format(
        objective=judging.title, name=f"{judging.labels[across]}, {judging.labels[up]}"
    )
    return [chart(f"{across}-{up}", lambda: study_charts.contour_figure(trials, judging, across, up), label, 480)]


def _choose_objective(study: Study, reader: TrialReader) -> int:
    names = list(study.spec.objectives)
    chosen = bound_choice(
        "objective",
        names,
        lambda name: objective_title(name, reader.metric),
        _("Objective"),
        _("What the chart shows."),
    )
    return names.index(chosen)


def _choose_axes(study: Study, reader: TrialReader) -> tuple[int, int]:
    names = list(study.spec.objectives)
    if len(names) == 2:
        return 1, 0
    words, help_ = (lambda name: objective_title(name, reader.metric)), _("One of the objectives.")
    with st.container(horizontal=True):
        across = bound_choice("across", names, words, _("Across"), help_, first=1)
        up = bound_choice("up", names, words, _("Up"), help_)
    return names.index(across), names.index(up)


def _shares(study: Study, reader: TrialReader, trials: list[Trial], objective: int) -> dict[str, float]:
    judged = [trial for trial in trials if trial.judged]
    return importances(
        study.spec.space,
        {name: reader.fields[name].type for name in study.spec.space},
        [trial.params for trial in judged],
        [float(trial.values[objective] or 0.0) for trial in judged],
        maximize=reader.maximize[objective],
    )


# -- the table ---------------------------------------------------------------------------------------------------------


def draw_trials(study: Study, feed: StudyFeed, reader: TrialReader) -> None:
    """The trials, the newest first, and what can be asked of one of them."""
    if not feed.trials:
        st.info(_("No trial has begun yet. The first one appears here in a moment."), icon=":material/hourglass_empty:")
        return
    above = st.container()
    shown = feed.trials[-MOST_ROWS:][::-1]
    names = hashlib.sha256(repr([trial.number for trial in shown]).encode()).hexdigest()[:12]
    kept = f"selected-trial-{study.id}"
    selected = st.session_state.get(kept)
    event = st.dataframe(
        feed.keep(("table", language()), lambda: rows(shown, study), live=True),
        key=f"trials-{study.id}-{names}",  # Streamlit remembers a selection by its place
        hide_index=True,
        placeholder="–",
        height=min(520, 38 + 35 * len(shown)),
        on_select="rerun",
        selection_mode="single-row",
        selection_default={"selection": {"rows": [i for i, t in enumerate(shown) if t.number == selected]}},
        alt=_("All trials with their values, state and run"),
        column_config=_columns(study, reader),
    )
    picked = [shown[i] for i in event["selection"]["rows"] if i < len(shown)]
    st.session_state[kept] = picked[0].number if picked else None
    with above:
        draw_trial_actions(study, picked[0] if picked else None)
    if len(feed.trials) > MOST_ROWS:
        st.caption(_("The newest {count:,} trials are shown.").format(count=MOST_ROWS))


def rows(trials: Sequence[Trial], study: Study) -> pd.DataFrame:
    """One row a trial, plain values only. Built by columns, and words looked up once: there may be a thousand rows."""
    states = {state: state_text(state) for state in RunState}
    found: dict[str, list[Any]] = {
        "trial": [trial.number for trial in trials],
        "state": [states[trial.state] for trial in trials],
    }
    for i in range(len(study.spec.objectives)):
        found[f"value-{i}"] = [trial.values[i] for trial in trials]
    for name, domain in study.spec.space.items():
        words = choice_words(domain)
        found[name] = [words.get(value := trial.params[name], value) for trial in trials]
    found["seconds"] = [trial.seconds for trial in trials]
    link = f"{page('run').stem}?run="
    found["run"] = [f"{link}{trial.run.id}" for trial in trials]
    return pd.DataFrame(found)


def _columns(study: Study, reader: TrialReader) -> dict[str, Any]:
    column = st.column_config
    values = {
        f"value-{i}": column.NumberColumn(
            objective_title(name, reader.metric),
            help=_("What it came to; final once it has completed."),
            format="percent" if name == QUALITY and is_share(reader.metric) else "%.4g",
        )
        for i, name in enumerate(study.spec.objectives)
    }
    params: dict[str, Any] = {}
    for name, domain in study.spec.space.items():
        field = reader.fields[name]
        if isinstance(domain, Range):
            params[name] = column.NumberColumn(
                _(field.label), help=_(field.help), format="%d" if field.type is int else "%.4g"
            )
        else:
            params[name] = column.TextColumn(_(field.label), help=_(field.help))
    return {
        "trial": column.NumberColumn(_("Trial"), help=_("Its number in the study."), width="small", pinned=True),
        "state": column.TextColumn(_("State"), help=_("Given up: pruned, by the rule that the study has chosen.")),
        **values,
        **params,
        "seconds": column.NumberColumn(_("Seconds"), help=_("How long it trained."), format="%.1f"),
        "run": column.LinkColumn(_("Run"), help=_("Its page."), display_text=r"run=(\d+)", width="small"),
    }
