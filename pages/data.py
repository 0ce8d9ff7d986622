"""Data: what there is to train on, a look into it, and importing one's own."""

import streamlit as st

from engine.datasets.base import datasets
from ui import lab
from ui.data.browse import draw_browse
from ui.data.importing import draw_import
from ui.data.list import chosen_dataset, draw_list
from ui.language import _


def main() -> None:
    """The dataset that the address names; without one the list, and the form to import."""
    dataset = None
    with lab.guarded():
        dataset = chosen_dataset(st.query_params.to_dict())
    if dataset is not None:
        draw_browse(dataset)
        return
    st.title(_("Data"))
    st.subheader(_("Import your own"))
    draw_import()
    st.subheader(_("Datasets"))
    draw_list(datasets.values())


main()
