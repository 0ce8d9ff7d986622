"""A dataset in short: what it is, how its examples are split, and how to get it onto this machine."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import streamlit as st

from engine import service
from engine.datasets.base import Dataset
from engine.preparation.catalog import describe
from engine.preparation.prepare import PreparedDataset
from engine.settings import settings
from ui import lab
from ui.language import _
from ui.sentences import said

if TYPE_CHECKING:
    from engine.store import Fetch

_TICK_SECONDS = 1.0


def split_sizes(prepared: PreparedDataset) -> dict[str, int]:
    """Return the number of examples in each split."""
    return {split: sum(classes) for split, classes in prepared.meta["counts"].items()}


def draw_facts(dataset: type[Dataset]) -> None:
    """Draw summary, source and limits of the dataset."""
    st.caption(_(dataset.summary()))
    st.markdown(  # no caption: a link in one is too pale to read
        "**{limits}** {text}  \n**{source}** {where}  \n**{licence}** {terms}".format(
            limits=_("Limits:"),
            text=_(dataset.limits),
            source=_("Source:"),
            where=_(dataset.source),
            licence=_("Licence:"),
            terms=_(dataset.licence),
        )
    )


def draw_missing(dataset: Dataset) -> None:
    """The Fetch button and the progress of a download, or what else is to be done."""
    facts = describe(type(dataset))
    if not facts["fetchable"]:
        st.info(said(service.datasets.missing(lab.actor(), dataset)), icon=":material/folder:")
        return
    st.info(
        _("This dataset is not on this machine yet: {size} MB to download.").format(
            size=f"{facts['download_bytes'] / 1e6:,.0f}"
        ),
        icon=":material/cloud_download:",
    )
    draw_fetch(dataset.name, dataset.available)


def draw_fetch(name: str, available: Callable[[], bool]) -> None:
    """Draw a button that fetches the files of `name`, or how far that is; `available` tells when they are here."""
    known = service.datasets.fetch_progress(lab.actor(), name)
    running = known is not None and fetching(known)
    st.fragment(_progress, run_every=_TICK_SECONDS if running else None)(name, available, running)


def fetching(fetch: "Fetch") -> bool:
    """Whether a download goes on: one that is silent for long has died with its process."""
    return (
        fetch.state == "running"
        and fetch.silent_seconds < 2 * settings().fetch_timeout_seconds
        and not lab.fetch_ended(fetch.name)
    )


def _progress(name: str, available: Callable[[], bool], running: bool) -> None:
    fetch = service.datasets.fetch_progress(lab.actor(), name)
    if running and (available() or fetch is None or not fetching(fetch)):
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
        st.error(
            _("The download was interrupted. Fetch again: it continues where it stopped."), icon=":material/cloud_off:"
        )
    if st.button(_("Fetch"), icon=":material/download:", key=f"fetch_{name}"):
        lab.start_fetch(name)
        st.rerun()
