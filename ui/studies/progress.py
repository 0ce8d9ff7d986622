"""Progress of a study: its state, the main figures, and the best trial."""

import math

import streamlit as st

from engine.search.grid import most_trials
from engine.search.trials import TrialReader
from engine.studies import Study
from ui.language import _
from ui.navigation import page
from ui.studies.charts.goal import Goal
from ui.studies.feed import StudyFeed
from ui.studies.words import (
    STUDY_STATES,
    objective_text,
    objective_title,
    params_text,
    progress_words,
    seconds_left,
)
from ui.widgets.pace import SLOWEST_SECONDS, TICKS_PER_SECOND
from ui.words import duration_text


def study_pace(study: Study, feed: StudyFeed, viewers: int = 1) -> float | None:
    """Return the refresh interval of a study's page with `viewers` on live pages; None once nothing moves any more."""
    if not study.live and not any(trial.live for trial in feed.trials):
        return None
    return min(max(1.0, math.ceil(viewers / TICKS_PER_SECOND)), SLOWEST_SECONDS)


def draw_progress(study: Study, feed: StudyFeed, reader: TrialReader) -> None:
    """The state's badge, the progress bar, and the figures that matter."""
    look = STUDY_STATES[study.state]
    begun = feed.trials[-1].number + 1 if feed.trials else 0
    wanted = max(most_trials(study.spec), begun + len(study.enqueued))
    done = begun - sum(not trial.state.final for trial in feed.trials)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.badge(_(look.word), icon=look.icon, color=look.colour)  # type: ignore[arg-type]
        st.caption(progress_words(study, feed.trials, wanted), width="content")
    st.progress(min(1.0, done / max(wanted, 1)))
    figures = [
        (_("Trials"), f"{done:,} / {wanted:,}", _("Ended trials, out of all planned.")),
        *_best_figures(study, feed, reader),
        _time_figure(study, feed, wanted),
    ]
    with st.container(horizontal=True):
        for label, value, words in figures:
            st.metric(label, value, border=True, help=words)


def _time_figure(study: Study, feed: StudyFeed, wanted: int) -> tuple[str, str, str]:
    """Return how long it will still take, or for an ended study how long it took."""
    if not study.live:
        return _("Time spent"), duration_text(study.spent_seconds), _("Time spent on the search, without pauses.")
    left = seconds_left(study, feed.trials, wanted)
    words = _("Estimated from the duration of the last trials and the budget.")
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


def draw_best(study: Study, feed: StudyFeed, goal: Goal) -> None:
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
        st.caption(params_text(dict(goal.labels), best.params), width="content")
