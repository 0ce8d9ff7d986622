"""What the address of the page Label says: which labelling, which of its pictures, and the dataset to begin with."""

import streamlit as st

from engine.runs import is_run_id

LABELLING, PICTURE, FROM = "labelling", "picture", "from"


def chosen_labelling() -> int:
    """Return the number of the labelling that is open; 0 for none."""
    return _number(LABELLING)


def chosen_picture() -> int:
    """Return the number of the picture that is shown; 0 where the address says none."""
    return _number(PICTURE)


def show_picture(number: int) -> None:
    """Show another picture: reloading the page shows it again."""
    st.query_params[PICTURE] = str(number)


def _number(name: str) -> int:
    text = st.query_params.get(name, "")
    return int(text) if is_run_id(text) else 0
