"""A container that stays at the top of the page while the rest scrolls: Streamlit has one for the bottom only."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from ui.theme import THEMES

_HEADER = "3.75rem"  # height of Streamlit's own bar


def sticky(key: str, least: str = "0") -> DeltaGenerator:
    """A container with this key, below Streamlit's header, on the page's ground; from the start of `least` height."""
    ground = (
        f"light-dark({THEMES['light'].surface}, {THEMES['dark'].surface})"  # at once, also when the theme is changed
    )
    st.html(
        f"<style>[data-testid=stLayoutWrapper]:has(> .st-key-{key}) {{position: sticky; top: {_HEADER}; z-index: 90; "
        f"background: {ground}; padding-bottom: 0.5rem}} .st-key-{key} {{min-height: {least}}}</style>"
    )
    return st.container(key=key)
