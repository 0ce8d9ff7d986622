"""Scenes: pictures in which several things are to be found, shown whole."""

import streamlit as st

from engine.preparation.prepare import PreparedDataset
from ui.charts.boxes import draw_scenes
from ui.modalities.base import register
from ui.modalities.image import Images

_LOOKED_AT = 8


class Scenes(Images):
    """See `Modality`."""

    def look(self, prepared: PreparedDataset) -> None:
        """Some pictures with their boxes, and how many boxes of each class there are."""
        where = prepared.indices("train")[:_LOOKED_AT].tolist()
        st.html(draw_scenes(prepared, where))


register("scene", Scenes())
