"""Admin: people, budgets, the queue, the notice on every page, the audit log and disk space, for admins in shared mode."""

import streamlit as st

from engine.access import Role
from engine.settings import settings
from ui import lab
from ui.admin.audit import draw_audit
from ui.admin.budgets import draw_budgets
from ui.admin.notice import draw_notice
from ui.admin.people import draw_people
from ui.admin.queue import draw_queue
from ui.admin.storage import draw_storage
from ui.language import N_, _

PARTS = {
    N_("People"): draw_people,
    N_("Budgets"): draw_budgets,
    N_("Queue"): draw_queue,
    N_("Notice"): draw_notice,
    N_("Audit log"): draw_audit,
    N_("Storage"): draw_storage,
}


def main() -> None:
    """Draw the part that is chosen: only that one is read."""
    st.title(_("Admin"))
    if settings().mode == "local" or lab.actor().role is not Role.ADMIN:
        st.info(_("Only admins of a shared installation have this page."))
        return
    tabs = st.tabs([_(title) for title in PARTS], key="admin-tabs", on_change="rerun")
    for tab, draw in zip(tabs, PARTS.values(), strict=True):
        if tab.open:
            with tab:
                draw()


main()
