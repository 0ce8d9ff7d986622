"""The queue of this machine: drain mode."""

import streamlit as st

from engine import service
from ui import lab
from ui.language import _


def draw_queue() -> None:
    """Draw how much waits and trains, and the switch of drain mode."""
    actor = lab.actor()
    waiting, running = st.columns(2)
    waiting.metric(_("Waiting runs"), len(service.runs.queue(actor)))
    running.metric(_("Running runs"), service.executors.count_running(actor))
    draining = service.executors.draining(actor)
    if draining:
        st.warning(
            _("This machine is draining: what trains goes on, and nothing new begins."), icon=":material/pause_circle:"
        )
    label = _("Begin runs again") if draining else _("Drain")
    words = _("Before maintenance: runs that train go on, and no other begins. Load balancers are told (/readyz).")
    if st.button(label, icon=":material/play_arrow:" if draining else ":material/pause:", key="drain", help=words):
        with lab.guarded():
            service.executors.drain(actor, not draining)
            st.rerun()
