"""The buttons of a study. Each is one transaction in the store, so concurrent changes are not lost."""

from collections.abc import Callable

import streamlit as st

from engine import service
from engine.access import Action
from engine.errors import TrainyardError
from engine.studies import Study, StudyState
from ui import lab
from ui.language import _
from ui.navigation import page
from ui.rights import may
from ui.sentences import said
from ui.studies.feed import StudyFeed

_RESUMABLE = (StudyState.PAUSED, StudyState.STOPPED, StudyState.FAILED)


def draw_actions(study: Study, feed: StudyFeed) -> None:
    """The buttons that suit the study's state, beside its title."""
    mine = may(Action.CHANGE, study)
    with st.container(horizontal=True, vertical_alignment="center", width="content"):
        if (
            mine
            and study.state is StudyState.RUNNING
            and st.button(
                _("Pause"), icon=":material/pause:", help=_("No further trials begin; running ones continue.")
            )
        ):
            ask(lambda: service.studies.pause(lab.actor(), study.id))
        if (
            mine
            and study.state in _RESUMABLE
            and not feed.problem
            and st.button(_("Resume"), icon=":material/play_arrow:", help=_("Trials continue until all are done."))
        ):
            ask(lambda: service.studies.resume(lab.actor(), study.id), starts=True)
        if (
            mine
            and study.live
            and st.button(
                _("Stop"),
                icon=":material/stop:",
                help=_("No further trials begin, and running ones end within a second. The study can be resumed."),
            )
        ):
            ask(lambda: service.studies.stop(lab.actor(), study.id))
        if (
            mine
            and not study.live
            and st.button(_("Delete…"), icon=":material/delete:", help=_("Delete the study and all its trials."))
        ):
            confirm_delete(study)
        if (
            may(Action.USE, study)
            and len(feed.best) == 1
            and len(study.spec.objectives) == 1
            and st.button(
                _("Promote the best trial"),
                type="primary",
                icon=":material/workspace_premium:",
                help=_("Train a full run with the values of the best trial, evaluated once on the test split."),
            )
        ):
            promote_trial(study, feed.best[0].number)


def ask(change: Callable[[], object], *, starts: bool = False, done: str = "") -> None:
    """Apply the action and redraw the page, or show why the store refuses. `starts`: it needs an executor."""
    try:
        change()
        if starts:
            lab.start_executor()
    except TrainyardError as error:
        st.toast(said(error), icon=":material/error:", duration="long")
        return
    if done:
        st.toast(done, icon=":material/check:")
    st.rerun()


def promote_trial(study: Study, number: int) -> None:
    """Queue an ordinary run with the values of a trial, and go to its page."""
    with lab.guarded():
        run = service.studies.promote(lab.actor(), study.id, number)
        lab.start_executor()
        st.switch_page(page("run"), query_params={"run": str(run.id)})


def confirm_delete(study: Study) -> None:
    """Ask before a study is deleted."""

    @st.dialog(_("Delete?"))
    def question() -> None:
        st.write(
            _("Study {id} is deleted with all runs of its trials. Promoted runs stay. This cannot be undone.").format(
                id=study.id
            )
        )
        with st.container(horizontal=True, horizontal_alignment="right"):
            if st.button(_("Keep"), help=_("Close without changes.")):
                st.rerun()
            st.button(
                _("Delete for good"),
                type="primary",
                key="study-deleted",
                help=_("This cannot be undone."),
                on_click=_delete,
                args=(study.id,),
            )
        if st.session_state.get("study-deleted"):
            st.rerun()

    question()


def _delete(study_id: int) -> None:
    try:
        service.studies.delete(lab.actor(), study_id)
    except TrainyardError as error:
        st.toast(said(error), icon=":material/error:", duration="long")
