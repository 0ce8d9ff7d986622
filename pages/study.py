"""One study: how far it is, what it has found, its trials, and steering."""

from contextlib import suppress
from uuid import uuid4

import streamlit as st

from engine import service
from engine.errors import TrainyardError
from engine.runs import is_run_id
from engine.studies import Study, StudyState
from ui import lab
from ui.language import _
from ui.navigation import page
from ui.plain import LONGEST_CAPTION, plain_label
from ui.runs.feeds import crowd
from ui.sentences import said
from ui.studies.actions import draw_actions
from ui.studies.feed import StudyFeed, study_feed
from ui.studies.naming import draw_study_naming
from ui.studies.plots import goal_of
from ui.studies.progress import draw_best, draw_progress, study_pace
from ui.studies.steering import draw_steering
from ui.studies.table import draw_trials
from ui.studies.views import draw_charts
from ui.studies.words import direction_words, executor_warning
from ui.widgets.naming import draw_note
from ui.words import local_time


def main() -> None:
    """Draw the study that the address names, or say why there is none."""
    asked = _asked()
    if not is_run_id(asked):
        st.title(_("Study"))
        _nothing(_("No study is chosen. Choose one on the Studies page."))
        return
    feed = study_feed(int(asked))
    try:
        study = feed.follow(lab.actor(), max_age_seconds=0.0)
    except TrainyardError as error:
        st.title(_("Study"))
        _nothing(said(error))
        return
    draw_head(study, feed)
    if feed.reader is None:
        st.error(said(feed.problem), icon=":material/error:")
        return
    draw_steering(study, feed.reader.fields)
    pace = _pace(study, feed)
    st.fragment(_tick, run_every=pace)(feed, study, len(feed.best), pace)


def _asked() -> str:
    """The number of the study in the address; Back from a run's page leaves the number of the run there instead."""
    asked, run = st.query_params.get("study", ""), st.query_params.pop("run", "")
    if not asked and is_run_id(run):
        with suppress(TrainyardError):
            asked = st.query_params["study"] = str(service.runs.get(lab.actor(), int(run)).study_id or "")
    return asked


def draw_head(study: Study, feed: StudyFeed) -> None:
    """Name, buttons, and why it ended."""
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.title(plain_label(study.name, LONGEST_CAPTION), width="content", anchor=False)
        with st.container(horizontal=True, width="content"):
            draw_study_naming(study)
            draw_actions(study, feed)
    st.caption(
        _("Study {id} · {sampler} · by {owner} · {time}").format(
            id=study.id,
            sampler=_(study.spec.search.sampler),
            owner=plain_label(study.owner),
            time=local_time(study.created_at),
        )
    )
    draw_note(study)
    if words := direction_words(study.spec):
        st.caption(words)
    if study.state is StudyState.FAILED:
        st.error(said(study.message) or _("The study failed without a message."), icon=":material/error:")
    elif study.message:
        st.info(said(study.message), icon=":material/info:")


def _tick(feed: StudyFeed, before: Study, best: int, pace: float | None) -> None:
    """Draw what moves. When the buttons, what is searched or the pace must change too, the whole page is drawn again."""
    try:
        study = feed.follow(lab.actor())
    except TrainyardError:  # deleted meanwhile: the page says so
        st.rerun()
    seen = (before.state, before.spec, before.message, best == 1)
    if (study.state, study.spec, study.message, len(feed.best) == 1) != seen:
        st.rerun()
    if _pace(study, feed) != pace and crowd().take_turn():
        st.rerun()
    if feed.reader is None:
        return
    draw_progress(study, feed, feed.reader)
    if study.live and executor_warning():
        _offer_executor()
    draw_best(study, feed, goal_of(study, feed.reader))
    draw_charts(study, feed, feed.reader)
    st.header(_("Trials"), anchor=False)
    draw_trials(study, feed, feed.reader)


def _offer_executor() -> None:
    st.warning(executor_warning(), icon=":material/hourglass_empty:")
    if st.button(
        _("Start an executor"),
        icon=":material/play_arrow:",
        help=_("A process besides the dashboard that trains queued runs."),
    ):
        lab.start_executor()


def _pace(study: Study, feed: StudyFeed) -> float | None:
    viewer = st.session_state.setdefault("viewer", uuid4().hex)
    return study_pace(study, feed, viewers=crowd().count(viewer))


def _nothing(sentence: str) -> None:
    st.info(sentence, icon=":material/info:")
    st.page_link(page("studies"), label=_("All studies"), icon=":material/list:", help=_("The list of all studies."))


main()
