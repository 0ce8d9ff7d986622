"""The few scripts that run in the document itself. Each is declared, and the Content-Security-Policy names it by its hash."""

import streamlit as st

_DECLARED: list[str] = []


def declare(script: str) -> str:
    """Return a script, which may run from now on. For the top of a module of `ui`: the server asks once, before any page."""
    _DECLARED.append(script)
    return script


def declared() -> list[str]:
    """Return all scripts that may run."""
    return list(_DECLARED)


def run_script(script: str) -> None:
    """Run a declared script in the browser of the session. Raise `ValueError` for any other, which no browser would run."""
    if script not in _DECLARED:
        raise ValueError("This script is not declared; browsers would refuse it.")
    st.html(f"<script>{script}</script>", unsafe_allow_javascript=True)
