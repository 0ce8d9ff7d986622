"""The notice that an admin has put on every page, in shared mode."""

import streamlit as st

from engine import service
from engine.settings import settings
from ui import lab
from ui.plain import plain_label


def draw_banner() -> None:
    """Draw the notice, where there is one. What an admin wrote is shown as it was written."""
    if settings().mode == "local":
        return
    notice = service.notices.get(lab.actor())
    if notice is not None:
        st.warning(plain_label(notice.text, settings().max_notice_characters), icon=":material/campaign:")
