"""What is left of today's budget beside what a run will take, and how long a training would fit. Nothing in local mode."""

import streamlit as st

from engine import service
from engine.budgets import sharing
from engine.cost import Cost, NetworkFacts
from engine.runs import RunSpec
from ui import lab
from ui.address import writing
from ui.language import _, plural
from ui.train.form import change
from ui.words import rough_text


def draw_left(needed_seconds: float | None = None) -> float | None:
    """Say what is left of today's budget, and warn where `needed_seconds` are more. Return the seconds left where they do not
    suffice, otherwise None."""
    if not sharing():
        return None
    usage = service.budgets.usage(lab.actor())
    left = usage.left_seconds
    if left is None:
        return None
    whole = usage.budget.device_minutes
    st.caption(
        _("{left} of {whole} device-minutes are left today").format(left=f"{left / 60:,.0f}", whole=f"{whole:,.0f}"),
        help=_(
            "{used} minutes are used, {held} are held for your runs that train or wait. What is measured counts in the end. The budget "
            "returns at midnight UTC."
        ).format(used=f"{usage.used_seconds / 60:,.1f}", held=f"{usage.held_seconds / 60:,.1f}"),
    )
    return left if needed_seconds is not None and needed_seconds > left else None


def draw_budget(spec: RunSpec, cost: Cost) -> None:
    """Say what is left, and offer as many epochs as fit where the run would take more."""
    if cost.duration is None:
        draw_left()
        return
    left = draw_left(cost.duration.seconds)
    if left is None:
        return
    epochs = _fitting_epochs(spec, cost.facts, cost.duration.seconds, left)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.info(
            _(
                "About {needed} is more than what is left today. At the limit the run pauses at a checkpoint, and goes on by itself when "
                "the budget returns."
            ).format(needed=rough_text(cost.duration.seconds)),
            icon=":material/hourglass_bottom:",
        )
        if epochs:
            st.button(
                plural("Train {count} epoch, which fits", "Train {count} epochs, which fits", epochs).format(
                    count=epochs
                ),
                key="fit-budget",
                icon=":material/content_cut:",
                on_click=_set_epochs,
                args=(epochs,),
                help=_("Changes the number of epochs in the form. Nothing starts yet."),
            )


def _fitting_epochs(spec: RunSpec, facts: NetworkFacts, seconds: float, left: float) -> int:
    """Return the number of epochs whose training fits into what is left: time is a part that is always there and one for each."""
    epochs = spec.training.epochs
    if epochs < 2:
        return 0
    one = spec.changed({"epochs": 1})
    shortest = service.costs.estimate(lab.actor(), one, facts).duration
    if shortest is None or shortest.seconds >= seconds:
        return 0
    each = (seconds - shortest.seconds) / (epochs - 1)
    return min(epochs - 1, max(0, int(1 + (left - shortest.seconds) / each)))


def _set_epochs(epochs: int) -> None:
    with writing():
        change("epochs", epochs)
