"""The part of the Train page about data: a look at it, where it comes from, and how to get it onto this machine."""

import streamlit as st

from engine.datasets.base import Dataset
from engine.datasets.catalog import describe
from engine.datasets.own_dataset import OwnDataset
from engine.datasets.prepare import PreparedDataset, prepare
from engine.settings import settings
from engine.store import Fetch
from engine.tasks.base import tasks
from ui import lab
from ui.language import _
from ui.modalities import modality
from ui.navigation import page
from ui.plain import plain_label
from ui.sentences import said

_TICK_SECONDS = 1.0


def draw_data(dataset: Dataset) -> PreparedDataset | None:
    """Show the examples, or the way to get them. None while there are none."""
    if isinstance(dataset, OwnDataset):
        st.page_link(page("data"), label=_("Import your own data"), icon=":material/upload:",
                     help=_("Pictures, sounds, texts or a table, on the Data page."))  # fmt: skip
    if not dataset.available():
        draw_missing(dataset)
        return None
    with st.spinner(_("Preparing the dataset ..."), show_time=True):
        prepared = prepare(dataset)
    kind = modality(tasks[dataset.tasks[0]].modality)
    st.caption(_size(prepared, kind.size(prepared.info)))
    kind.look(prepared)
    return prepared


def _size(prepared: PreparedDataset, each: str) -> str:
    """How many examples and classes there are, what one measures, and how they are split."""
    counts = split_sizes(prepared)
    words = _("{examples} examples in {classes} classes") if prepared.info.labels else _("{examples} examples")
    whole = words.format(examples=f"{sum(counts.values()):,}", classes=prepared.info.num_classes)
    split = _("{train} to train, {validation} to validate, {test} to test").format(
        **{name: f"{count:,}" for name, count in counts.items()}
    )
    return f"{whole}, {each}: {split}" if each else f"{whole}: {split}"


def split_sizes(prepared: PreparedDataset) -> dict[str, int]:
    """How many examples each split has."""
    return {split: sum(classes) for split, classes in prepared.meta["counts"].items()}


def draw_facts(dataset: type[Dataset]) -> None:
    """What it is, where it comes from, and what it cannot show."""
    st.caption(_(dataset.summary()))
    st.caption(
        "**{limits}** {text}  \n**{source}** {where}  \n**{licence}** {terms}".format(
            limits=_("Limits:"),
            text=_(dataset.limits),
            source=_("Source:"),
            where=_(dataset.source),
            licence=_("Licence:"),
            terms=_(dataset.licence),
        )
    )


# -- datasets to download ----------------------------------------------------------------------------------------------


def draw_missing(dataset: Dataset) -> None:
    """The Fetch button and the progress of a download, or what else is to be done."""
    facts = describe(type(dataset))
    if not facts["fetchable"]:
        st.info(plain_label(said(dataset.missing()), most=1_000), icon=":material/folder:")
        return
    st.info(
        _("This dataset is not on this machine yet: {size} MB to download.").format(
            size=f"{facts['download_bytes'] / 1e6:,.0f}"
        ),
        icon=":material/cloud_download:",
    )
    known = lab.store().fetch(dataset.name)
    running = known is not None and fetching(known)
    st.fragment(_progress, run_every=_TICK_SECONDS if running else None)(dataset, running)


def fetching(fetch: Fetch) -> bool:
    """Whether a download goes on: one that is silent for long has died with its process."""
    return (
        fetch.state == "running"
        and fetch.silent_seconds < 2 * settings().fetch_timeout_seconds
        and not lab.fetch_ended(fetch.name)
    )


def _progress(dataset: Dataset, running: bool) -> None:
    fetch = lab.store().fetch(dataset.name)
    if running and (dataset.available() or fetch is None or not fetching(fetch)):
        st.rerun()  # the timer ends with the download
    if fetch is not None and running:
        share = min(1.0, fetch.done_bytes / max(fetch.total_bytes, 1))
        st.progress(share, _("{done} of {total} MB").format(
            done=f"{fetch.done_bytes / 1e6:,.1f}", total=f"{fetch.total_bytes / 1e6:,.1f}"
        ))  # fmt: skip
        return
    if fetch is not None and fetch.state == "failed":
        st.error(said(fetch.message), icon=":material/cloud_off:")
    elif fetch is not None and fetch.state == "running":
        st.error(_("The download was interrupted. Fetch again: it goes on where it was."), icon=":material/cloud_off:")
    if st.button(_("Fetch"), icon=":material/download:", key="fetch"):
        lab.start_fetch(dataset.name)
        st.rerun()
