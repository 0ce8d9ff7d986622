"""The way from examples that are shown to a training that shows their answers after each epoch."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from engine.service.commands import write_value
from engine.settings import settings
from ui.language import _
from ui.navigation import page


def draw_watch_link(values: Mapping[str, Any], positions: Sequence[int]) -> None:
    """Draw the link to the Train form with flat `values`, where these validation examples are to be watched."""
    most = settings().probe_examples
    if not positions or not most:
        return
    st.page_link(
        page("train"),
        label=_("Watch these in training"),
        icon=":material/visibility:",
        query_params={name: write_value(value) for name, value in values.items()}
        | {"watched": ",".join(map(str, positions[:most]))},
        help=_(
            "Opens the Train form. The page of the run then shows the answers to these examples after each epoch, the first "
            "{count} of them."
        ).format(count=most),
    )
