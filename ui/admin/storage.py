"""Disk space by person."""

import streamlit as st

from engine import service
from engine.access import Actor
from engine.settings import settings
from ui import lab
from ui.language import _
from ui.machine import free_bytes

_SECONDS = 60


def draw_storage() -> None:
    """Draw how much everybody's files take, those who have most first."""
    with st.spinner(_("Adding up files")):
        found = _measured(lab.actor(), settings().url)
    if not found:
        st.info(_("Nobody has runs or datasets yet."))
        return
    size = st.column_config.NumberColumn(format="%.2f GB")
    st.dataframe(
        [
            {_("Name"): name, _("Files of runs"): runs / 1e9, _("Imported datasets"): data / 1e9}
            for name, (runs, data) in sorted(found.items(), key=lambda entry: -sum(entry[1]))
        ],
        hide_index=True,
        column_config={_("Files of runs"): size, _("Imported datasets"): size},
    )
    st.caption(
        _("{size} GB are free on this disk.").format(size=f"{free_bytes() / 1e9:,.1f}")
        + " "
        + _("A file that a fork shares with its parent counts for both. Measured at most once a minute.")
    )


@st.cache_data(ttl=_SECONDS, max_entries=4, show_spinner=False)
def _measured(_actor: Actor, url: str) -> dict[str, tuple[int, int]]:
    return service.people.storage(_actor)
