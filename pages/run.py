"""One run: its progress and curves while it trains, its result when it has ended."""

from collections.abc import Iterator
from itertools import count
from uuid import uuid4

import streamlit as st

from engine.budgets.yielding import BUDGET, YIELDS
from engine.errors import TrainyardError
from engine.runs import Run, RunState, is_run_id
from ui import lab
from ui.evaluation.overview import draw_evaluation, final_figures
from ui.language import _
from ui.navigation import page
from ui.plain import LONGEST_CAPTION, plain_label
from ui.published.publish import draw_publish
from ui.runs.actions import draw_actions
from ui.runs.details import draw_details
from ui.runs.family import draw_family
from ui.runs.feeds import Feed, crowd, feed
from ui.runs.forks import answer_asked, ask_to_fork, draw_fork_button
from ui.runs.group import draw_group
from ui.runs.headline import draw_headline, suggests_seeds
from ui.runs.naming import draw_run_naming
from ui.runs.probes import draw_probes
from ui.runs.rate import draw_rate_button
from ui.runs.views import FASTEST_SECONDS, draw_live, tick_seconds
from ui.sentences import said
from ui.widgets.naming import draw_note
from ui.words import dataset_of, local_time, metric_help, run_title, title_of

_MOST_FIGURES, _FIRST_FIGURES = 6, 4
"""Figures of a result that are shown at once, and how many of more than these, so that the curves stay in sight."""


def main() -> None:
    """Draw the run that the address names, or say why there is none."""
    asked = st.query_params.get("run", "")
    if not is_run_id(asked):
        st.title(_("Run"))
        _nothing(_("No run is chosen. Choose one on the Runs page."))
        return
    followed = feed(int(asked))
    try:
        run = followed.follow(lab.actor(), max_age_seconds=0.0)
    except TrainyardError as error:
        st.title(_("Run"))
        _nothing(said(error))
        return
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.title(plain_label(run_title(run), LONGEST_CAPTION), width="content", anchor=False)
        with st.container(horizontal=True, width="content"):
            draw_run_naming(run)
            draw_rate_button(run)
            draw_fork_button(run)
            draw_publish(run)
            draw_actions(run, seeds=not suggests_seeds(run))
    answer_asked(run)
    st.caption(
        _("{model} on {dataset} · by {owner} · {time}").format(
            model=plain_label(title_of(run, "model")),
            dataset=plain_label(dataset_of(run)),
            owner=plain_label(run.owner),
            time=local_time(run.created_at),
        )
    )
    draw_note(run)
    if run.study_id is not None:
        st.page_link(
            page("study"),
            label=_("Trial {trial} of study {study}").format(trial=run.trial, study=run.study_id),
            icon=":material/query_stats:",
            query_params={"study": str(run.study_id)},
            help=_("The study that chose the values of this run."),
        )
    _draw_outcome(run)
    pace = _pace(run)
    st.fragment(_tick, run_every=pace)(followed, run, pace, count())
    if run.state.final:
        st.fragment(draw_probes)(followed, run)
        st.header(_("Result"))
        draw_evaluation(run)
    draw_group(run)
    draw_family(run)
    st.divider()
    draw_details(run)


def _tick(followed: Feed, before: Run, pace: float | None, turns: Iterator[int]) -> None:
    """Draw what moves. When the buttons or the pace must change too, the whole page is drawn again: the timer may end."""
    try:
        run = followed.follow(lab.actor())
        if next(turns) and pace == FASTEST_SECONDS and followed.about_to_train(run):
            run = followed.await_first_point(lab.actor(), pace)
    except TrainyardError:  # deleted meanwhile: the page says so
        st.rerun()
    if (run.state, run.request, run.attempt, run.phase) != (before.state, before.request, before.attempt, before.phase):
        st.rerun()
    if _pace(run) != pace and crowd().take_turn():
        st.rerun()
    epoch = draw_live(followed, run)
    if epoch is not None:
        ask_to_fork(run, epoch)


def _pace(run: Run) -> float | None:
    viewer = st.session_state.setdefault("viewer", uuid4().hex)
    return tick_seconds(run, viewers=crowd().count(viewer))


def _draw_outcome(run: Run) -> None:
    """Why it ended, and what it reached."""
    draw_headline(run)
    # said with its progress, and in the headline; what a waiting run waits for now stands with its place in the queue
    if run.message and run.state not in (RunState.RUNNING, RunState.FAILED) and run.message != YIELDS[BUDGET]:
        st.info(said(run.message), icon=":material/info:")
    figures = final_figures(run) if run.state.final else []  # of a run that goes on they are those of an earlier stop
    shown = len(figures) if len(figures) <= _MOST_FIGURES else _FIRST_FIGURES
    _draw_figures(figures[:shown])
    if rest := figures[shown:]:
        with st.expander(_("{count} more figures").format(count=len(rest)), icon=":material/monitoring:"):
            _draw_figures(rest)


def _draw_figures(figures: list[tuple[str, str, str]]) -> None:
    """A tile for each: label, value and name of the metric."""
    if figures:
        with st.container(horizontal=True):
            for label, value, name in figures:
                words = metric_help(
                    name, _("Measured when training had ended, on examples that were never trained on.")
                )
                st.metric(label, value, border=True, help=words)


def _nothing(sentence: str) -> None:
    st.info(sentence, icon=":material/info:")
    st.page_link(page("runs"), label=_("All runs"), icon=":material/list:", help=_("The table of all runs."))


main()
