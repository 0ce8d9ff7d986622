"""The browser part for series and intervals."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import streamlit as st

from engine.data_info import DataInfo
from engine.datasets.base import Dataset
from engine.preparation.prepare import PreparedDataset
from engine.runs import Run
from ui.modalities import Cells, File, Way, register
from ui.modalities.base import Tried
from ui.predictions import Renderer
from ui.predictions import register as show


class Series:
    """Numbers, as a line."""

    measures: ClassVar[dict[str, str]] = {}

    def size(self, info: DataInfo) -> str:
        """Return how many numbers are expected."""
        return f"{info.shape[0]} numbers"

    def look(self, prepared: PreparedDataset) -> None:
        """The first series."""
        st.line_chart(prepared.inputs[0])

    def ways(self, dataset: Dataset) -> Mapping[str, Way]:
        """Written."""
        return {"write": Way("Write", ":material/edit:", write_input)}

    def show(self, tried: Tried, file: File) -> None:
        """As it was written."""
        st.text(file[1].decode())

    def cells(self, tried: Tried, files: Sequence[File]) -> Cells:
        """Nothing beside the names."""
        return {}, {}

    def examples(self, prepared: PreparedDataset, positions: Sequence[int], captions: Sequence[str]) -> None:
        """A line each."""
        for position, caption in zip(positions, captions, strict=True):
            st.caption(caption)
            st.line_chart(prepared.inputs[position])


class Interval(Renderer):
    """A range."""

    def draw(self, values: Any, key: str) -> None:
        """From, to."""
        st.metric("Next", f"{values['low']:.2f} to {values['high']:.2f}")

    def row(self, values: Any) -> dict[str, Any]:
        """Three cells."""
        return dict(values)

    def columns(self) -> dict[str, Any]:
        """As they are."""
        return {}


def write_input(run: Run, dataset: Dataset) -> list[File]:
    """A line to write them in."""
    written = st.text_input("Series", key="series")
    return [("series", written.encode())] if written else []


register("series", Series())
show("interval", Interval())
