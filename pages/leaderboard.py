"""The best runs on one dataset, with intervals and the baseline; the dataset stands in the address."""

import streamlit as st

from engine import service
from engine.datasets.base import datasets
from ui import lab
from ui.compare.leaderboards import draw_board
from ui.language import _
from ui.navigation import page
from ui.plain import plain_text
from ui.widgets.url_choices import choose


def main() -> None:
    """Choose a dataset that runs were evaluated on, and draw its leaderboard."""
    st.title(_("Leaderboard"))
    names = service.runs.evaluated_datasets(lab.actor())
    if not names:
        st.info(
            _("No run has been evaluated on a test split yet. A run is evaluated when it completes."),
            icon=":material/info:",
        )
        st.page_link(page("train"), label=_("Train a network"), icon=":material/model_training:",
                     help=_("The form that starts a run."))  # fmt: skip
        return
    titles = {name: _(datasets[name].title) if name in datasets else plain_text(name) for name in names}
    name = choose(
        "dataset",
        _("Dataset"),
        names,
        titles.__getitem__,
        _("The dataset whose test split ranks the runs; those with most runs first."),
        long=True,
    )
    draw_board(service.runs.list_all(lab.actor(), states=["completed"], dataset=name, trials=False))


main()
