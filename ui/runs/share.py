"""The Share button of a run: its report as one file, written when it is asked for."""

from functools import partial

import streamlit as st

from engine import service
from engine.runs import Run
from ui import lab
from ui.language import _, catalog, language


def draw_share(run: Run) -> None:
    """Draw the button that downloads the report in the language of the page."""
    st.download_button(
        _("Share"),
        partial(service.reports.write, lab.actor(), run, catalog(language())),
        file_name=f"run-{run.id}.html",
        mime="text/html",
        icon=":material/ios_share:",
        key=f"share-{run.id}",
        on_click="ignore",
        help=_(
            "This run as one HTML file: result, curves, examples, settings, and the card of its data. It can be mailed, printed "
            "and opened without a server. It shows some examples of the dataset."
        ),
    )
