"""Whether this session shows one demo by itself: in a frame on another site, or by its link without menu."""

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

DEMO = "demo"
"""The parameter of the address that names a demo."""
_FRAMED = "framed"


def framed() -> bool:
    """Return whether the address asks for a demo and nothing else (`?demo=NAME&embed=true`).

    The site around a frame may have been named by a member. So nobody is logged in there, and no other page exists; a session
    that was so once stays so.
    """
    if get_script_run_ctx(suppress_warning=True) is None:
        return False
    if st.session_state.get(_FRAMED):
        return True
    found = bool(st.context.is_embedded) and DEMO in st.query_params
    if found:
        st.session_state[_FRAMED] = True
    return found
