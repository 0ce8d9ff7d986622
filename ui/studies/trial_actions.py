"""Actions on one trial."""

import streamlit as st

from engine import service
from engine.access import Action
from engine.search.trials import Trial
from engine.studies import Study
from ui import lab
from ui.language import _
from ui.navigation import page
from ui.rights import may
from ui.studies.actions import ask, promote_trial


def draw_trial_actions(study: Study, trial: Trial | None) -> None:
    """Buttons for the trial that is selected in the table."""
    live, mine = trial is not None and trial.live, may(Action.CHANGE, study)
    with st.container(horizontal=True, vertical_alignment="center"):
        if (
            st.button(
                _("Open its run"),
                icon=":material/show_chart:",
                disabled=trial is None,
                help=_("Its page, with all curves."),
            )
            and trial
        ):
            st.switch_page(page("run"), query_params={"run": str(trial.run.id)})
        if (
            st.button(
                _("Stop this trial"),
                icon=":material/stop:",
                disabled=not mine or trial is None or trial.state.final or bool(trial.run.request),
                help=_("End it; the study goes on with the next one."),
            )
            and trial
        ):
            ask(lambda: service.studies.stop_trial(lab.actor(), trial.run))
        if (
            st.button(
                _("Prioritise"),
                icon=":material/rocket_launch:",
                disabled=not mine or not live or bool(trial and trial.number in study.boosted),
                help=_("Train it to the end regardless of the pruner, and before all waiting trials."),
            )
            and trial
        ):
            ask(lambda: service.studies.boost(lab.actor(), study.id, trial.number))
        if (
            st.button(
                _("Promote"),
                icon=":material/workspace_premium:",
                disabled=not may(Action.USE, study) or trial is None or not any(run.best for run in trial.runs),
                help=_("Train a full run with its values, evaluated once on the test split."),
            )
            and trial
        ):
            promote_trial(study, trial.number)
        if trial is None:
            st.caption(_("Select a row to open, stop, prioritise or promote a trial."), width="content")
