"""A choice on a study's page that stands in the address."""

from collections.abc import Callable, Sequence

import streamlit as st


def bound_choice(
    name: str,
    options: Sequence[str],
    words: Callable[[str], str],
    label: str,
    help_: str,
    *,
    row: bool = False,
    first: int = 0,
) -> str:
    """Draw a choice that stands in the address by its name, in whatever language it is shown; return it."""
    asked, key = st.query_params.get(name, ""), f"study.{name}"
    if st.session_state.get(key) not in options:
        st.session_state[key] = asked if asked in options else options[min(first, len(options) - 1)]
    if row:
        st.segmented_control(label, options, format_func=words, key=key, required=True, wrap=True, help=help_)
    else:
        st.selectbox(label, options, format_func=words, key=key, help=help_)
    chosen = str(st.session_state[key])
    if chosen != asked and (asked or chosen != options[0]):
        st.query_params[name] = chosen
    return chosen
