"""Images: shown as small pictures, sharp where they have few pixels."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np
import streamlit as st

from engine.data_info import DataInfo
from engine.datasets.base import Dataset
from engine.preparation.prepare import PreparedDataset
from ui.charts.heat import heat_png
from ui.charts.pictures import dataset_look
from ui.charts.thumbnails import as_image, data_url, picture_tiles, png
from ui.language import _, language
from ui.modalities.base import BY_PATH, COLOURS, Cells, Effect, File, Tried, Way, register
from ui.modalities.image_ways import image_ways
from ui.modalities.previews import previews
from ui.plain import plain_label, plain_text
from ui.theme import theme_name

_SHOWN_PIXELS, _CELL_PIXELS = 280, 96


class Images:
    """See `Modality`."""

    measures: ClassVar[Mapping[str, str]] = {}

    def size(self, info: DataInfo) -> str:
        """Width and height."""
        height, width = info.shape[:2]
        return _("{width} × {height} pixels").format(width=width, height=height)

    def look(self, prepared: PreparedDataset) -> None:
        """A row of small pictures for each class."""
        st.html(_look(prepared, theme_name(), language()))

    def ways(self, dataset: Dataset) -> Mapping[str, Way]:
        """A drawing, an example, files or a photo; the camera is asked for only when it is chosen."""
        return image_ways(dataset)

    def show(self, tried: Tried, file: File) -> None:
        """The picture, small; nothing for a file that is none."""
        name, _data = file
        for found in previews(tried, [file], _SHOWN_PIXELS) or []:
            if found.pixels is not None:
                picture = png(as_image(found.pixels))
                st.image(picture, width=_SHOWN_PIXELS // 2, caption=plain_label(name), alt=plain_text(name))

    def mattered(self, given: np.ndarray | None, name: str, effects: Sequence[Effect]) -> str:
        """The picture as the network gets it, under the effects."""
        if given is None:
            return ""
        st.image(
            heat_png(as_image(given), [(one.part, one.share) for one in effects], _SHOWN_PIXELS),
            alt=_("What mattered in {name}").format(name=plain_text(name)),
        )
        return _(COLOURS)

    def cells(self, tried: Tried, files: Sequence[File]) -> Cells:
        """A column of thumbnails."""
        if (opened := previews(tried, files, _CELL_PIXELS)) is None:
            return {}, {}
        found = [one.pixels for one in opened]
        pictures = [None if pixels is None else data_url(png(as_image(pixels))) for pixels in found]
        return {"picture": pictures}, {"picture": st.column_config.ImageColumn("", width="small")}

    def examples(self, prepared: PreparedDataset, positions: Sequence[int], captions: Sequence[str]) -> None:
        """Pictures side by side, as many in a row as there is room for."""
        st.html(picture_tiles(np.asarray(prepared.inputs[np.asarray(positions)]), captions))


register("image", Images())


@st.cache_data(max_entries=64, show_spinner=False, hash_funcs=BY_PATH)
def _look(prepared: PreparedDataset, theme: str, language: str) -> str:
    """Drawn once for all viewers: (prepared, theme, language) -> HTML."""
    return dataset_look(prepared, "dark" if theme == "dark" else "light")
