"""What can be measured on the examples of a dataset: characters and words, seconds that are heard, columns, targets."""

from collections.abc import Callable
from typing import Any

import numpy as np
import streamlit as st

from engine.inspection.sizes import column_values, loud_seconds, text_sizes
from engine.preparation.prepare import TEXT, PreparedDataset
from engine.settings import settings
from ui.language import _

_BY_PATH: dict[str | type[Any], Callable[[Any], Any]] = {PreparedDataset: lambda prepared: str(prepared.path)}


def sizes_of(prepared: PreparedDataset) -> dict[str, np.ndarray]:
    """Measures by name, each (examples,) numbers; of a large dataset those of a sample."""
    found: dict[str, np.ndarray] = {}
    if not prepared.info.labels:
        found[prepared.info.target or _("Target")] = prepared.targets
    if prepared.info.columns:
        return found | column_values(prepared)
    return found | _measured(prepared, settings().max_inspected, _("Characters"), _("Words"), _("Seconds with sound"))


@st.cache_data(max_entries=32, show_spinner=False, hash_funcs=_BY_PATH)
def _measured(prepared: PreparedDataset, most: int, characters: str, words: str, seconds: str) -> dict[str, np.ndarray]:
    where = np.linspace(0, len(prepared.targets) - 1, min(most, len(prepared.targets))).astype(np.int64)
    if prepared.meta["kind"] == TEXT:
        return dict(zip((characters, words), text_sizes(prepared.inputs[where]), strict=True))
    if len(prepared.info.shape) == 1:
        return {seconds: loud_seconds(prepared.inputs[where])}
    return {}
