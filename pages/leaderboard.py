"""The best runs on one dataset, with intervals and the baseline; the dataset stands in the address."""

import streamlit as st

from ui.compare.boards import list_boards, runs_of_board
from ui.compare.leaderboards import draw_board
from ui.language import _
from ui.navigation import page
from ui.widgets.url_choices import choose


def main() -> None:
    """Choose a dataset that runs were evaluated on, and draw its leaderboard."""
    st.title(_("Leaderboard"))
    found = list_boards()
    if not found:
        st.info(
            _("No run has been evaluated on a test split yet. A run is evaluated when it completes."),
            icon=":material/info:",
        )
        st.page_link(page("train"), label=_("Train a network"), icon=":material/model_training:",
                     help=_("The form that starts a run."))  # fmt: skip
        return
    chosen = choose(
        "dataset",
        _("Dataset"),
        list(found),
        found.__getitem__,
        _("The dataset whose test split ranks the runs; those with most runs first."),
        long=True,
    )
    draw_board(runs_of_board(chosen))


main()
