"""Measures of the examples of a dataset: characters and words, seconds that are heard, columns, targets."""

import numpy as np
import streamlit as st

from engine.preparation.prepare import PreparedDataset
from engine.settings import settings
from ui.language import _
from ui.modalities import modality_of
from ui.modalities.base import BY_PATH


def sizes_of(prepared: PreparedDataset) -> dict[str, np.ndarray]:
    """Measures by name, each (examples,) numbers; of a large dataset those of a sample."""
    found: dict[str, np.ndarray] = {}
    if prepared.codec.numbers:
        found[prepared.info.target or _("Target")] = prepared.targets
    words = modality_of(prepared).measures
    measured = _measured(prepared, settings().max_inspected)
    return found | {_(words[name]) if name in words else name: values for name, values in measured.items()}


@st.cache_data(max_entries=32, show_spinner=False, hash_funcs=BY_PATH)
def _measured(prepared: PreparedDataset, most: int) -> dict[str, np.ndarray]:
    where = np.linspace(0, len(prepared.targets) - 1, min(most, len(prepared.targets))).astype(np.int64)
    return prepared.modality.measures(prepared.inputs, where, prepared.info)
