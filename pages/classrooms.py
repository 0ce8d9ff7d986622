"""Classrooms: all that somebody sees, or the one that the address names."""

import streamlit as st

from engine.access import Role
from engine.settings import settings
from ui import lab
from ui.classrooms.list import draw_list
from ui.classrooms.page import draw_classroom
from ui.classrooms.words import CLASSROOM
from ui.language import _

if settings().mode == "local" or lab.actor().role is Role.VISITOR:
    st.title(_("Classrooms"))
    st.info(_("Classrooms are for people who log in to a shared installation."), icon=":material/info:")
elif st.query_params.get(CLASSROOM):
    draw_classroom(st.query_params[CLASSROOM])
else:
    draw_list()
