"""Budgets: what each person uses today and may use, and setting another budget for one."""

import streamlit as st

from engine import service
from engine.budgets import Usage, usual_budget
from ui import lab
from ui.admin.doing import do, draw_done
from ui.language import N_, _

_PARTS = {
    "device_minutes": (N_("Minutes a day"), N_("Minutes of training a day, on all devices together")),
    "at_once": (N_("Runs at once"), N_("Runs that train at once")),
    "queued": (N_("Runs in the queue"), N_("Runs that may wait")),
    "disk_mb": (N_("Disk, MB"), N_("Runs and imported datasets, in MB")),
}


def draw_budgets() -> None:
    """Draw everybody's use, and the form for one person."""
    found = {usage.owner: usage for usage in service.budgets.list_all(lab.actor())}
    draw_done()
    if not found:
        st.info(_("Nobody has logged in yet. Whoever logs in has an account."))
        return
    st.dataframe([_row(usage) for usage in found.values()], hide_index=True)
    st.caption(_("0 stands for no limit. Minutes return at midnight UTC; admins have no limit unless one is set."))
    owner = st.selectbox(
        _("Person"), list(found), index=None, placeholder=_("Choose a person"), key="budget-owner",
        help=_("To set a budget"),
    )  # fmt: skip
    if owner in found:
        _draw_form(found[owner])


def _row(usage: Usage) -> dict[str, object]:
    budget = usage.budget
    return {
        _("Name"): usage.owner,
        _("Used today, min"): round(usage.used_seconds / 60, 1),
        _("Held, min"): round(usage.held_seconds / 60, 1),
        **{_(label): getattr(budget, name) for name, (label, _help) in _PARTS.items()},
        _("Training"): usage.training,
        _("Waiting"): usage.queued,
    }


def _draw_form(usage: Usage) -> None:
    usual = usual_budget()
    with st.form(key=f"budget-{usage.owner}"):
        given = {
            name: st.number_input(
                _(label),
                min_value=0,
                value=int(getattr(usage.budget, name)) if name in usage.set else None,
                placeholder=_("usual: {value}").format(value=f"{getattr(usual, name):g}"),
                key=f"budget-{usage.owner}-{name}",
                help=_(words) + " " + _("Empty: as the settings say. 0: no limit."),
            )
            for name, (label, words) in _PARTS.items()
        }
        if st.form_submit_button(_("Save budget"), type="primary", icon=":material/save:"):
            do(lambda: service.budgets.set_budget(lab.actor(), usage.owner, **given), _("The budget is saved."))
