"""The learning rate of a run that trains: which was asked for, which is in force, and another one."""

from functools import partial
from typing import Any

import streamlit as st

from engine import service
from engine.access import Action
from engine.models.base import DESCENT
from engine.optimizers import Optimizer
from engine.runs import Run
from engine.spec import Range
from ui import lab
from ui.language import _
from ui.rights import may
from ui.runs.actions import apply


def draw_rate_button(run: Run) -> None:
    """Learning rate…, for a run that has not ended."""
    if (
        not run.state.final
        and run.fits == DESCENT
        and may(Action.CHANGE, run)
        and run.study_id is None
        and st.button(
            _("Learning rate…"),
            icon=":material/speed:",
            help=_("Change it while the run trains. The change is recorded, and repeated when the run is repeated."),
        )
    ):
        with lab.guarded():
            _ask(run, run.parsed().optimizer)


def _ask(run: Run, optimizer: Optimizer) -> None:
    field = next(field for field in optimizer.fields() if field.name == "learning_rate")
    assert isinstance(field.domain, Range)
    low, high = float(field.domain.low), float(field.domain.high)
    key = f"rate-{run.id}-{len(run.steering)}"  # what was typed for another run, or before another change, is not meant
    asked = float(run.steering[-1]["learning_rate"] if run.steering else optimizer.learning_rate)

    @st.dialog(_("Learning rate of run {id}").format(id=run.id))
    def ask() -> None:
        st.number_input(
            _("Learning rate"),
            key=key,
            min_value=low,
            max_value=high,
            value=asked,
            step=asked / 10,
            format="%g",
            help=_(
                "Takes effect within a second. A schedule that follows a curve is scaled as if it "
                "had begun with this rate."
            ),
        )
        for change in run.steering:
            st.caption(change_text(change))
        if st.button(
            _("Change"),
            type="primary",
            help=_("Takes effect from the next steps."),
            on_click=apply,
            args=([run.id], partial(_steer, key)),
        ):
            st.rerun()

    ask()


def change_text(change: dict[str, Any]) -> str:
    """One change in words."""
    rate = f"{change['learning_rate']:g}"
    if change["step"] is None:
        return _("{rate} requested").format(rate=rate)
    return _("{rate} since step {step:,}").format(rate=rate, step=change["step"])


def _steer(key: str, run_id: int) -> None:
    service.runs.steer(lab.actor(), run_id, float(st.session_state[key]))
