"""The part of the Train page about data: a look at it, where it comes from, and how to get it onto this machine."""

import streamlit as st

from engine import service
from engine.datasets.base import Dataset
from engine.datasets.stored.base import OwnDataset
from engine.preparation.prepare import PreparedDataset, prepare
from ui import lab
from ui.data.summary import draw_missing, split_sizes
from ui.language import _
from ui.modalities import modality_of
from ui.navigation import page


def draw_data(dataset: Dataset) -> PreparedDataset | None:
    """Show the examples, or the way to get them. None while there are none."""
    if isinstance(dataset, OwnDataset):
        st.page_link(page("data"), label=_("Import your own data"), icon=":material/upload:",
                     help=_("Images, audio clips, texts or a table, on the Data page."))  # fmt: skip
    if not service.datasets.ready(lab.actor(), dataset):
        draw_missing(dataset)
        return None
    with st.spinner(_("Preparing the dataset…"), show_time=True):
        prepared = prepare(dataset)
    kind = modality_of(prepared)
    st.caption(_size(prepared, kind.size(prepared.info)))
    kind.look(prepared)
    return prepared


def _size(prepared: PreparedDataset, each: str) -> str:
    """Return the numbers of examples and classes, the size of one example, and the split."""
    counts = split_sizes(prepared)
    words = _("{examples} examples in {classes} classes") if prepared.codec.classes else _("{examples} examples")
    whole = words.format(examples=f"{sum(counts.values()):,}", classes=prepared.info.num_classes)
    split = _("{train} to train, {validation} to validate, {test} to test").format(
        **{name: f"{count:,}" for name, count in counts.items()}
    )
    return f"{whole}, {each}: {split}" if each else f"{whole}: {split}"
