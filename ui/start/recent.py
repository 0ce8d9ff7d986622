"""What trains now and the newest results, one line each."""

from collections.abc import Sequence

import streamlit as st

from engine.runs import Run
from ui import lab
from ui.language import _
from ui.navigation import page
from ui.plain import plain_label
from ui.runs.feeds import listing
from ui.words import STATES, best_text, progress_share, progress_text, title_of

TICK_SECONDS = 2.0
MOST_LIVE, MOST_ENDED = 5, 6
"""How many runs are listed: the others are on the Runs page."""


def draw_recent() -> None:
    """Runs that go on, looked at every few seconds, and the newest that have ended; nothing while there are none."""
    runs = listing().follow(lab.actor())
    st.fragment(_draw, run_every=TICK_SECONDS if any(run.live for run in runs) else None)()


def _draw() -> None:
    runs = listing().follow(lab.actor(), max_age_seconds=TICK_SECONDS / 2)
    live = [run for run in runs if run.live]
    ended = [run for run in runs if run.state.final]
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
                label=_("Run {id}: {model} on {dataset}").format(
                    id=run.id, model=plain_label(title_of(run, "model")), dataset=plain_label(title_of(run, "dataset"))
                ),
                query_params={"run": str(run.id)},
                help=_("Curves, examples and result."),
            )
            if run.live:
                st.caption(progress_text(run, None), width="content")
                st.progress(progress_share(run), width=160)
            else:
                st.caption(best_text(run), width="content")
