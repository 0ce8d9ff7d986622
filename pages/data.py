"""Data: what there is to train on, a look into it, and importing one's own."""

import streamlit as st

from engine.datasets.base import datasets
from ui import lab
from ui.data.browse import draw_browse
from ui.data.importing import DONE, draw_done, draw_import
from ui.data.list import chosen_dataset, draw_list
from ui.data.recording import draw_recording, number_made
from ui.language import N_, _
from ui.navigation import page
from ui.widgets.url_choices import choose

OWN = {"file": N_("Import a file"), "record": N_("Record")}
"""How to bring data of one's own; the address says `own=record`."""


def main() -> None:
    """The dataset that the address names; without one the list, and the form to import."""
    dataset = None
    with lab.guarded():
        dataset = chosen_dataset(st.query_params.to_dict())
    if dataset is not None:
        draw_browse(dataset)
        return
    st.title(_("Data"))
    st.header(_("Your own data"))
    way = choose("own", _("From"), list(OWN), lambda name: _(OWN[name]), _("Import a file, or record examples here."))
    if way == "record":
        draw_done(number_made())
        draw_recording(DONE)
    else:
        draw_done()
        draw_import()
    st.page_link(
        page("label"),
        label=_("Draw boxes in pictures, or give them classes"),
        icon=":material/label:",
        help=_("For pictures without labels: label them here in the browser."),
    )
    st.header(_("Datasets"))
    draw_list(datasets.values())


main()
