"""All runs in one table: how far they are, how good they are, and what to do with several at once."""

import streamlit as st

from engine import service
from engine.access import Action
from engine.runs import Run, RunState
from engine.settings import settings
from ui import lab
from ui.language import _
from ui.navigation import page
from ui.rights import may
from ui.runs.actions import apply, confirm_cancel, confirm_delete, pause, resume, stop
from ui.runs.family import draw_tree, related
from ui.runs.feeds import MAX_LISTED, listing
from ui.runs.table import choose_filters, draw_table, draw_trials_toggle, matches, trials_wanted
from ui.turns import starts
from ui.widgets.live_plot import preload
from ui.words import queue_text, resumable

REFRESH_SECONDS = 2.0


def main() -> None:
    """Draw filters and table; the table looks again by itself while a run is queued or running."""
    st.title(_("Runs"))
    preload()  # of whatever is opened from here
    known = listing()
    trials = trials_wanted()
    runs = known.follow(lab.actor(), trials=trials)
    if not runs and not trials and known.follow(lab.actor(), trials=True):
        st.info(_("All runs are trials of studies. Show them here, or open the studies."), icon=":material/info:")
        draw_trials_toggle()
        st.page_link(page("studies"), label=_("All studies"), icon=":material/query_stats:",
                     help=_("The list of all studies."))  # fmt: skip
        return
    if not runs:
        st.info(
            _(
                "There are no runs yet. Choose data and a network on the Train page and press Train; "
                "the run appears here."
            ),
            icon=":material/info:",
        )
        st.page_link(page("train"), label=_("Train a network"), icon=":material/model_training:",
                     help=_("The form that starts a run."))  # fmt: skip
        return
    wanted = choose_filters(runs)
    live = any(run.live for run in runs)
    _confirm_what_was_asked()

    def table() -> None:
        now = known.follow(lab.actor(), max_age_seconds=REFRESH_SECONDS / 2, trials=trials)
        if live and not any(run.live for run in now):
            st.rerun()
        _draw([run for run in now if matches(run, wanted)], len(now))

    st.fragment(table, run_every=REFRESH_SECONDS if live else None)()


def _draw(runs: list[Run], known: int) -> None:
    turns = service.budgets.queue(lab.actor()) if any(run.state == RunState.QUEUED for run in runs) else []
    queue = [turn.run_id for turn in turns]
    if queue:
        first = next((run for run in runs if run.id == queue[0]), None)
        sentence, needs_help = queue_text(first, queue, service.executors.get(lab.actor())) if first else ("", False)
        if needs_help:
            st.warning(sentence, icon=":material/hourglass_empty:")
    if not runs:
        st.info(_("No runs match these filters. Remove some of them."), icon=":material/filter_alt_off:")
        return
    above = st.container()  # the buttons stay in sight however long the table
    chosen = draw_table(runs, queue, starts(turns))
    with above:
        _draw_actions(chosen)
    if forked := related(runs):
        with st.expander(_("Forks"), icon=":material/account_tree:"):
            draw_tree(forked)
    if known >= MAX_LISTED:
        st.caption(_("The newest {count:,} runs are shown.").format(count=MAX_LISTED))


def _draw_actions(chosen: list[Run]) -> None:
    """Buttons for the selected runs; each is enabled only when it can do something to all of them."""
    ids = [run.id for run in chosen]
    live = [run.live for run in chosen]
    mine = all(may(Action.CHANGE, run) for run in chosen)
    with st.container(horizontal=True):
        if st.button(_("Open"), icon=":material/show_chart:", type="primary", disabled=len(ids) != 1,
                     help=_("Go to the page of the selected run.")):  # fmt: skip
            st.switch_page(page("run"), query_params={"run": str(ids[0])})
        if st.button(_("Compare"), icon=":material/compare_arrows:",
                     disabled=not 2 <= len(ids) <= settings().max_compared_runs,
                     help=_("Compare two to {most} runs side by side.").format(most=settings().max_compared_runs)):  # fmt: skip
            st.switch_page(page("compare"), query_params={"runs": ",".join(map(str, sorted(ids)))})
        if st.button(_("Stop"), icon=":material/stop:", disabled=not ids or not mine or not all(live),
                     help=_("End the selected runs and keep their models.")):  # fmt: skip
            apply(ids, stop)
            st.rerun()
        if st.button(_("Pause"), icon=":material/pause:", disabled=not ids or not mine or not all(live),
                     help=_("Free the device; the selected runs continue from here when they are resumed.")):  # fmt: skip
            apply(ids, pause)
            st.rerun()
        if st.button(_("Cancel…"), icon=":material/block:", disabled=not ids or not mine or not all(live),
                     help=_("End the selected runs and keep no result.")):  # fmt: skip
            _ask("cancel", ids)
        if st.button(_("Resume"), icon=":material/play_arrow:", disabled=not ids or not mine or not all(map(resumable, chosen)),
                     help=_("Continue stopped or failed runs from their last checkpoint.")):  # fmt: skip
            apply(ids, resume)
            st.rerun()
        if st.button(_("Delete…"), icon=":material/delete:", disabled=not ids or not mine or any(live),
                     help=_("Delete ended runs and all their files.")):  # fmt: skip
            _ask("delete", ids)
    if not chosen:  # below, so that the buttons keep their place when rows are selected
        st.caption(
            _(
                "Select rows to open, compare, stop, pause, cancel, resume or delete them. By keyboard: arrow keys, then Shift+Space."
            )
        )


def _ask(what: str, ids: list[int]) -> None:
    """Open a dialog from the page itself: one inside a fragment with a timer would be closed by the next tick."""
    st.session_state["asked_of_runs"] = (what, ids)
    st.rerun()


def _confirm_what_was_asked() -> None:
    what, ids = st.session_state.pop("asked_of_runs", ("", []))
    if what:
        (confirm_cancel if what == "cancel" else confirm_delete)(ids)


main()
