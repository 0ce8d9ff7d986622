"""The address as this session wrote it last, for forms whose only state it is.

The browser learns of a change when its run is drawn. Who types a value and presses a button at once sends the press with
the address from before: the change would be lost, and the button would act on other values than those that are shown.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

_WRITTEN = "address.written"


def arrive(*buttons: str) -> None:
    """Begin a run of a page: where one of these buttons was pressed, with the address that was written last."""
    if any(st.session_state.get(key) for key in buttons):
        _catch_up()
    note()


def note() -> None:
    """Take the address for the one that was written last."""
    st.session_state[_WRITTEN] = st.query_params.to_dict()


def forget() -> None:
    """Leave the page: what was written there says nothing about the next."""
    st.session_state.pop(_WRITTEN, None)


@contextmanager
def writing() -> Iterator[None]:
    """Change the address in a callback, on top of what was written last. Not to be nested."""
    _catch_up()
    yield
    if _WRITTEN in st.session_state:
        note()


def _catch_up() -> None:
    written = st.session_state.get(_WRITTEN)
    if written is None:
        return
    for name in {*written, *st.query_params}:
        if name in st.session_state or st.query_params.get(name) == written.get(name):
            continue  # Streamlit itself keeps a widget of this key in the address
        if name in written:
            st.query_params[name] = written[name]
        else:
            del st.query_params[name]
