"""The name of a class, of which something is to be made: chosen, each class once, or a table of many."""

import json
from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np
import streamlit as st

from engine.data_info import DataInfo
from engine.datasets.base import Dataset
from engine.errors import TrainyardError
from engine.preparation.prepare import PreparedDataset, prepare
from engine.preparation.varied import varied
from ui.charts.thumbnails import picture_tiles
from ui.class_names import class_name
from ui.language import N_, _
from ui.modalities.base import File, Tried, Way, register
from ui.modalities.table import Tables, file_input
from ui.plain import plain_text

_LOOKED_AT, _MOST_CLASSES = 24, 100


class NamedClasses(Tables):
    """See `Modality`."""

    measures: ClassVar[Mapping[str, str]] = {}

    def size(self, info: DataInfo) -> str:
        """Width and height of what is made."""
        if not info.target_shape:
            return ""
        height, width = info.target_shape[:2]
        return _("{width} × {height} pixels").format(width=width, height=height)

    def look(self, prepared: PreparedDataset) -> None:
        """Some of the pictures, as many of each class."""
        positions = [int(position) for position in varied(prepared, "train", _LOOKED_AT)]
        self.examples(prepared, positions, ["" for _position in positions])

    def ways(self, dataset: Dataset) -> Mapping[str, Way]:
        """A class that is chosen, all of them, or a table of many."""
        return WAYS

    def examples(self, prepared: PreparedDataset, positions: Sequence[int], captions: Sequence[str]) -> None:
        """The true pictures, with the names of their classes."""
        where = np.asarray(positions)
        names = [class_name(prepared.dataset, str(name)) for (name,) in prepared.inputs[where]["categories"].tolist()]
        words = [" · ".join(part for part in parts if part) for parts in zip(names, captions, strict=True)]
        st.html(picture_tiles(np.asarray(prepared.targets[where]), words))


register("named-class", NamedClasses())


def _classes(tried: Tried, dataset: Dataset) -> tuple[str, list[str]]:
    """The name of the column, and the classes."""
    info = tried.info()
    try:
        info = info or prepare(dataset).info
    except TrainyardError:
        return "class", []
    return info.columns[0].name, list(info.labels)


def choose_class(tried: Tried, dataset: Dataset) -> list[File]:
    """A choice among the classes, or none of them."""
    column, labels = _classes(tried, dataset)
    chosen = st.selectbox(
        _("Class"),
        [*labels, ""],
        format_func=lambda label: plain_text(class_name(tried.dataset, label)) if label else _("Any"),
        key=f"class-{tried.key}",
        help=_("What the pictures are to show. Any: the network decides."),
    )
    return [_row(column, chosen)]


def all_classes(tried: Tried, dataset: Dataset) -> list[File]:
    """Each class once."""
    column, labels = _classes(tried, dataset)
    return [_row(column, label) for label in labels[:_MOST_CLASSES]]


def _row(column: str, label: str) -> File:
    return plain_text(label) or _("Any"), json.dumps({column: label}, ensure_ascii=False).encode()


WAYS = {
    "class": Way(N_("One class"), ":material/category:", choose_class, shown=True, made=True),
    "all": Way(N_("Every class"), ":material/grid_view:", all_classes, shown=True),
    "table": Way(N_("Table"), ":material/table:", file_input, shown=True),
}
"""Ways to give a class, in the order of display."""
