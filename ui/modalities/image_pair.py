"""Pairs of pictures: given one after the other, or taken from the test split, of the same and of different things."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import streamlit as st

from engine.data_info import DataInfo
from engine.datasets.base import Dataset
from engine.modalities.image.own import IMAGES
from engine.modalities.image_pair import beside, pair_file
from engine.preparation.prepare import PreparedDataset
from engine.settings import settings
from ui.charts.thumbnails import as_image, picture_tiles, png
from ui.language import N_, _
from ui.modalities.base import File, Tried, Way, register
from ui.modalities.gallery import recognise
from ui.modalities.image import Images
from ui.modalities.ways import choose_example, grid, held_out
from ui.plain import plain_text

_LOOKED_AT, _EXAMPLES, _EXAMPLE_PIXELS = 12, 8, 136
Shown = tuple[bytes, bytes]
"""The picture of an example, and its file."""


class ImagePairs(Images):
    """See `Modality`."""

    def size(self, info: DataInfo) -> str:
        """Width and height of one picture."""
        height, width = info.shape[1:3]
        return _("{width} × {height} pixels").format(width=width, height=height)

    def look(self, prepared: PreparedDataset) -> None:
        """Some pairs, with what they show."""
        where = prepared.indices("train")
        some = where[np.linspace(0, len(where) - 1, min(_LOOKED_AT, len(where))).astype(int)].tolist()
        self.examples(prepared, some, [prepared.describe(position) for position in some])

    def ways(self, dataset: Dataset) -> Mapping[str, Way]:
        """Two files, two photos, pairs of the test split, or a picture and those of a gallery."""
        return WAYS

    def mattered(self, given: np.ndarray | None, name: str, effects: Sequence[Any]) -> str:
        """Nothing: no part of a pair is hidden."""
        return ""

    def examples(self, prepared: PreparedDataset, positions: Sequence[int], captions: Sequence[str]) -> None:
        """Both pictures of each pair side by side."""
        draw_pairs(np.asarray(prepared.inputs[np.asarray(positions, np.int64)]), captions)


def draw_pairs(pairs: np.ndarray, captions: Sequence[str]) -> None:
    """(pairs, 2, height, width, channels) with their captions, as many in a row as there is room for."""
    st.html(picture_tiles(np.stack([beside(pair) for pair in pairs]), captions, width=_EXAMPLE_PIXELS))


register("image-pair", ImagePairs())


def upload_two(tried: Tried, dataset: Dataset) -> list[File]:
    """Two files."""
    places = st.columns(2)
    given = [
        place.file_uploader(
            words,
            type=list(IMAGES.endings),
            max_upload_size=settings().max_upload_mb,
            key=f"upload-{which}-{tried.key}",
            help=_("A picture. It is not stored."),
        )
        for place, which, words in zip(
            places, ("first", "second"), (_("First picture"), _("Second picture")), strict=True
        )
    ]
    return _pair([None if one is None else one.getvalue() for one in given], _("two pictures"))


def photograph_two(tried: Tried, dataset: Dataset) -> list[File]:
    """Two photos."""
    given = [
        st.camera_input(
            words,
            key=f"camera-{which}-{tried.key}",
            help=_("Your browser asks for permission. The photo is not stored."),
        )
        for which, words in (("first", _("First picture")), ("second", _("Second picture")))
    ]
    return _pair([None if one is None else one.getvalue() for one in given], _("two photos"))


def _pair(given: Sequence[bytes | None], name: str) -> list[File]:
    """Nothing while one is missing."""
    first, second = given
    return [] if first is None or second is None else [(name, pair_file(first, second))]


def example_pair(tried: Tried, dataset: Dataset) -> list[File]:
    """Pairs of the test split, every second one of different things."""
    chosen = choose_example(tried, dataset, held_out_pairs, _draw_example, _wide_places)
    return [(name, file) for name, (_picture, file) in chosen]


def _wide_places(count: int) -> Sequence[tuple[Any, Any]]:
    return [(cell, cell) for cell in grid(count, _EXAMPLE_PIXELS)]


def _draw_example(label: str, shown: Shown) -> None:
    st.image(shown[0], width=_EXAMPLE_PIXELS, alt=_("Example of {label}").format(label=plain_text(label)))


def held_out_pairs(dataset: Dataset) -> list[tuple[str, Shown]]:
    """Names, picture and file of some pairs of the test split: every second one has the second picture of the next."""
    found = held_out(dataset, _EXAMPLES, _pictures_of)
    pairs = []
    for place, (label, (first, second)) in enumerate(found):
        name = label
        if place % 2 and len(found) > 1:
            other, (_first, second) = found[(place + 1) % len(found)]
            name = label if other == label else f"{label} / {other}"
        picture = png(as_image(beside(np.stack([first, second]))))
        pairs.append((name, (picture, pair_file(png(as_image(first)), png(as_image(second))))))
    return pairs


def _pictures_of(prepared: PreparedDataset, position: int) -> tuple[np.ndarray, np.ndarray]:
    pair = np.asarray(prepared.inputs[np.asarray([position])][0])
    return pair[0], pair[1]


WAYS = {
    "example": Way(
        N_("Example"), ":material/image:", example_pair, shown=True, examples=True,
        contents=lambda dataset: [file for _name, (_picture, file) in held_out_pairs(dataset)],
    ),
    "upload": Way(N_("Upload"), ":material/upload:", upload_two, made=True),
    "gallery": Way(N_("Recognise"), ":material/groups:", recognise),
    "camera": Way(N_("Camera"), ":material/photo_camera:", photograph_two, shown=True, made=True),
}  # fmt: skip
"""Ways to give a pair, in the order of display."""
