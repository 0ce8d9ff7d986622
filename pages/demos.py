"""Published demos: all of them, or the one that the address names."""

import streamlit as st

from ui.framed import DEMO
from ui.published.list import draw_list
from ui.published.page import draw_demo

if st.query_params.get(DEMO):
    draw_demo(st.query_params[DEMO])
else:
    draw_list()
