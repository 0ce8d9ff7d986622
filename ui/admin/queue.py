"""The queue: who waits and why, what goes first, what makes way, and drain mode of this machine."""

import streamlit as st

from engine import service
from engine.runs import Run, RunState
from engine.service.queueing import Turn
from ui import lab
from ui.admin.doing import do, draw_done
from ui.language import N_, _
from ui.turns import start_text, turn_text

_FIRST, _USUAL, _LAST = "first", "usual", "last"
_ORDERS = {_FIRST: N_("Before all others"), _USUAL: N_("In its turn"), _LAST: N_("After all others")}
_PRIORITIES: dict[str, int | None] = {_FIRST: None, _USUAL: 0, _LAST: -1}


def draw_queue() -> None:
    """Draw what waits and what trains, with what can be changed of either, and the switch of drain mode."""
    actor = lab.actor()
    turns = service.budgets.queue(actor)
    running = service.runs.list_all(actor, states=[RunState.RUNNING])
    runs = {run.id: run for run in service.runs.get_many(actor, [turn.run_id for turn in turns if turn.run_id])}
    draw_done()
    left, right = st.columns(2)
    left.metric(_("Waiting runs"), len(turns))
    right.metric(_("Running runs"), len(running))
    if runs:
        st.dataframe([_row(turn, runs[turn.run_id]) for turn in turns if turn.run_id in runs], hide_index=True)
        _draw_order(list(runs))
    if running:
        _draw_making_way(running)
    _draw_draining()


def _row(turn: Turn, run: Run) -> dict[str, object]:
    return {
        _("Place"): turn.place,
        _("Run"): run.id,
        _("Person"): run.owner,
        _("Start"): start_text(turn),
        _("Why it waits"): turn_text(turn),
    }


def _draw_order(waiting: list[int]) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        run_id = st.selectbox(_("Waiting run"), waiting, key="queue-run", help=_("The number of the run"))
        order = st.selectbox(
            _("Order"),
            list(_ORDERS),
            format_func=lambda one: _(_ORDERS[one]),
            key="queue-order",
            help=_("In its turn: whoever has trained least goes first"),
        )
        if st.button(_("Change the order"), icon=":material/swap_vert:", key="queue-change"):
            do(lambda: service.budgets.prioritise(lab.actor(), run_id, _PRIORITIES[order]), _("The order is changed."))


def _draw_making_way(running: list[Run]) -> None:
    owners = {run.id: run.owner for run in running}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        run_id = st.selectbox(
            _("Running run"),
            list(owners),
            format_func=lambda one: f"{one} · {owners[one]}",
            key="queue-running",
            help=_("The number of the run and its owner"),
        )
        words = _("It writes a checkpoint, waits in the queue, and goes on where it was when its turn comes.")
        if st.button(_("Let it make way"), icon=":material/low_priority:", key="queue-preempt", help=words):
            do(lambda: service.budgets.preempt(lab.actor(), run_id), _("The run makes way at its next checkpoint."))


def _draw_draining() -> None:
    draining = service.executors.draining(lab.actor())
    if draining:
        st.warning(
            _("This machine is draining: what trains goes on, and nothing new begins."), icon=":material/pause_circle:"
        )
    label = _("Begin runs again") if draining else _("Drain")
    words = _("Before maintenance: runs that train go on, and no other begins. Load balancers are told (/readyz).")
    if st.button(label, icon=":material/play_arrow:" if draining else ":material/pause:", key="drain", help=words):
        with lab.guarded():
            service.executors.drain(lab.actor(), not draining)
            st.rerun()
