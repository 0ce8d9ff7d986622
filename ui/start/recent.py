"""What trains now and the newest results, one line each."""

from collections.abc import Sequence

import streamlit as st

from engine.runs import Run, RunState
from ui import lab
from ui.language import _
from ui.navigation import page
from ui.plain import plain_label
from ui.runs.feeds import listing
from ui.words import STATES, best_figure, dataset_of, progress_share, progress_text, run_title, title_of

TICK_SECONDS = 2.0
MOST_LIVE, MOST_ENDED = 5, 6
"""How many runs are listed: the others are on the Runs page."""


def draw_recent() -> None:
    """Runs that go on, looked at every few seconds, and the newest that have ended; nothing while there are none."""
    runs = listing().follow(lab.actor())
    st.fragment(_draw, run_every=TICK_SECONDS if any(run.live for run in runs) else None)()


def _draw() -> None:
    runs = listing().follow(lab.actor(), max_age_seconds=TICK_SECONDS / 2)
    live = sorted((run for run in runs if run.live), key=lambda run: run.state is RunState.QUEUED)
    ended = [run for run in runs if run.state.final and run.state is not RunState.CANCELED]
    if live:
        st.header(_("Training now"))
        _draw_lines(live[:MOST_LIVE])
    if ended:
        st.header(_("Newest results"))
        _draw_lines(ended[:MOST_ENDED])
    if live or ended:
        st.page_link(page("runs"), label=_("All runs"), icon=":material/list:", help=_("The table of all runs."))


def _draw_lines(runs: Sequence[Run]) -> None:
    for run in runs:
        with st.container(horizontal=True, vertical_alignment="center", border=True):
            look = STATES[run.state]
            st.badge(_(look.word), icon=look.icon, color=look.colour)  # type: ignore[arg-type]
            st.page_link(
                page("run"),
                label=_("{run}: {model} on {dataset}").format(
                    run=plain_label(run_title(run)),
                    model=plain_label(title_of(run, "model")),
                    dataset=plain_label(dataset_of(run)),
                ),
                query_params={"run": str(run.id)},
                help=_("Curves, examples and result."),
            )
            if run.live:
                st.caption(progress_text(run, None), width="content")
                st.progress(progress_share(run), width=160)
            else:
                label, value = best_figure(run)
                st.caption(f"{label}: {value}" if run.best else _("no result"), width="content")
