"""The part of the Train page about a pretrained network: what it is, under which licence, and how to get its files."""

import streamlit as st

from engine.models.base import Model
from engine.models.presets import Preset
from ui.data.summary import draw_fetch
from ui.language import _
from ui.sentences import said

_SHOWN_OF_HASH = 16


def draw_pretrained(model: Model) -> bool:
    """Draw facts of the pretrained network that a model begins with. False while its files are not on this machine."""
    preset = model.preset
    if preset is None:
        return True
    with st.expander(_("Where the pretrained weights come from"), icon=":material/school:"):
        st.markdown(_facts(preset))
    if preset.available():
        return True
    st.info(
        _("This pretrained network is not on this machine yet: {size} MB to download.").format(
            size=f"{preset.size_bytes / 1e6:,.0f}"
        ),
        icon=":material/cloud_download:",
    )
    draw_fetch(preset.name, preset.available)
    st.caption(
        _(
            "Without internet: get {files} elsewhere, copy them here, and run `python -m engine fetch {name} --from FOLDER`."
        ).format(files=", ".join(download.filename for download in preset.downloads), name=preset.name)
    )
    return False


def _facts(preset: Preset) -> str:
    """Return source, licence, size, hashes and what it takes, a line each."""
    hashes = ", ".join(f"{d.filename} `{d.sha256[:_SHOWN_OF_HASH]}…`" for d in preset.downloads)
    lines = (
        (_("Source:"), preset.source),
        (_("Licence:"), preset.licence),
        (_("Size:"), f"{preset.size_bytes / 1e6:,.1f} MB"),
        (_("SHA-256:"), hashes),
        (_("Learned from:"), said(preset.learned_from)),
        (_("Input:"), said(preset.takes)),
    )
    return "  \n".join(f"**{name}** {text}" for name, text in lines)
