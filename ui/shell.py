"""The script that runs for every session: the menu, the language switch, and the chosen page."""

from pathlib import Path

import streamlit as st

from engine.measures import page_timed
from engine.settings import settings
from ui import people
from ui.banner import draw_banner
from ui.framed import framed
from ui.language import choose_language, declare_language
from ui.navigation import begin_at_top, navigation
from ui.outage import draw_with_database
from ui.theme import darken_words_on_primary

ICON = Path(__file__).with_name("icon.svg")  # an icon named after a font would be asked from the network
LOGO = Path(__file__).with_name("logo.svg")

st.set_page_config(page_title="Trainyard", page_icon=ICON, layout="wide")
darken_words_on_primary()
if not framed():  # it leads to the first page
    st.logo(LOGO, size="large")
if settings().mode == "shared":
    people.arrive()
chosen = navigation()
if framed():
    declare_language()
else:
    with st.sidebar:
        if settings().mode == "shared":
            people.draw_login()
        choose_language()
        declare_language()
        begin_at_top(chosen)


def draw() -> None:
    """Draw the notice of the admins, and the chosen page."""
    draw_banner()
    chosen.run()


with page_timed(chosen.url_path or "start"):
    draw_with_database(draw)  # a home that cannot be used is a sentence on each page
