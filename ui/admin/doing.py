"""What an admin has just done, said once on the part of the page where they did it."""

from collections.abc import Callable

import streamlit as st

from ui import lab

_DONE = "admin.done"


def do(act: Callable[[], object], words: str) -> None:
    """Do something, and draw the page again with `words`; where it is refused, say why."""
    with lab.guarded():
        act()
        say(words)


def say(words: str) -> None:
    """Draw the page again with `words`."""
    st.session_state[_DONE] = words
    st.rerun()


def draw_done() -> None:
    """Draw what was done, once."""
    if done := st.session_state.pop(_DONE, ""):
        st.success(done, icon=":material/check_circle:")
