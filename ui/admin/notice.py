"""The notice on every page: write it, say until when, take it down."""

from datetime import UTC, datetime

import streamlit as st

from engine import service
from engine.settings import settings
from ui import lab
from ui.language import _


def draw_notice() -> None:
    """Draw the form, and the button that takes down what stands."""
    notice = service.notices.get(lab.actor())
    if notice is None:
        st.caption(_("A text for everybody, such as when the server is down for maintenance. There is none now."))
    elif notice.until is None:
        st.caption(_("A notice stands on every page until it is taken down."))
    else:
        until = datetime.fromtimestamp(notice.until, UTC)
        st.caption(_("A notice stands on every page until {time} UTC.").format(time=f"{until:%Y-%m-%d %H:%M}"))
    with st.form(key="notice"):
        text = st.text_area(
            _("Text"),
            value=notice.text if notice else "",
            key="notice-text",
            max_chars=settings().max_notice_characters,
            help=_("Shown as it is written, on every page, to visitors too"),
        )
        until_given = st.datetime_input(
            _("Until (UTC)"),
            value=None,
            key="notice-until",
            help=_("Empty: until it is taken down. The time is UTC, as of the server."),
        )
        if st.form_submit_button(_("Show on every page"), type="primary", icon=":material/campaign:"):
            with lab.guarded():
                ends = until_given.replace(tzinfo=UTC).timestamp() if until_given else None
                service.notices.put(lab.actor(), text, ends)
                st.rerun()
    if notice is not None and st.button(_("Take it down"), icon=":material/close:", key="notice-down"):
        with lab.guarded():
            service.notices.take_down(lab.actor())
            st.rerun()
