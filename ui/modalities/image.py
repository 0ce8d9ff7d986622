"""Images: drawn, photographed, uploaded, or taken from the test split."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, ClassVar

import numpy as np
import streamlit as st
from PIL import Image

from engine.data_info import DataInfo
from engine.datasets.base import Dataset
from engine.modalities.image.own import IMAGES
from engine.preparation.prepare import PreparedDataset
from engine.runs import Run
from ui.charts.pictures import dataset_look
from ui.charts.thumbnails import data_url, png, thumbnail
from ui.language import N_, _, language
from ui.modalities.base import BY_PATH, Cells, File, register
from ui.modalities.ways import Way, choose_example, choose_way, held_out, upload
from ui.plain import LONGEST_CAPTION, plain_label, plain_text
from ui.theme import theme_name
from ui.widgets.tiles import Look

CANVAS_SIZE = 280
EXAMPLES = 8
"""Number of examples of the test split that are offered."""
_SHOWN_PIXELS, _EXAMPLE_PIXELS, _TILE_PIXELS = 280, 72, 104


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

    def ask(self, run: Run, dataset: Dataset) -> list[File]:
        """An example, a drawing, uploaded files or a photo; the camera is asked for only when it is chosen."""
        ways = {name: way for name, way in WAYS.items() if name != "draw" or dataset.ink}
        return choose_way(ways, "input_way", _("Source of the image."))(run, dataset)

    def show(self, file: File) -> None:
        """The picture, small; nothing for a file that is none."""
        name, data = file
        if picture := thumbnail(data, _SHOWN_PIXELS):
            st.image(picture, width=_SHOWN_PIXELS // 2, caption=plain_label(name), alt=plain_text(name))

    def cells(self, files: Sequence[File]) -> Cells:
        """A column of thumbnails."""
        pictures = [data_url(thumbnail(data)) for _name, data in files]
        return {"picture": pictures}, {"picture": st.column_config.ImageColumn("", width="small")}

    def examples(self, prepared: PreparedDataset, positions: Sequence[int], captions: Sequence[str]) -> None:
        """Pictures side by side, as many in a row as there is room for."""
        images = np.asarray(prepared.inputs[np.asarray(positions)])
        st.html(f'<div style="display:flex;flex-wrap:wrap;gap:12px 10px">{"".join(map(_tile, images, captions))}</div>')

    def tile(self, prepared: PreparedDataset, position: int) -> Look:
        """The picture, small."""
        image = _at(prepared, position)
        image.thumbnail((2 * _TILE_PIXELS, 2 * _TILE_PIXELS))
        return Look(data_url(png(image)) or "")


register("image", Images())


def _tile(pixels: np.ndarray, caption: str) -> str:
    """(height, width, channels) with its caption -> an element; few pixels stay sharp squares."""
    words = escape(plain_text(caption, LONGEST_CAPTION))
    image = as_image(pixels)
    image.thumbnail((2 * _TILE_PIXELS, 2 * _TILE_PIXELS))
    rendering = "pixelated" if max(image.size) < _TILE_PIXELS else "auto"
    return (
        f'<figure style="margin:0;width:{_TILE_PIXELS}px"><img src="{data_url(png(image))}" alt="{words}" '
        f'style="width:{_TILE_PIXELS}px;height:{_TILE_PIXELS}px;object-fit:contain;image-rendering:{rendering};'
        'border-radius:4px;display:block;margin-bottom:4px">'
        f'<figcaption style="font-size:0.8rem;line-height:1.25;overflow-wrap:anywhere">{words}</figcaption>'
        "</figure>"
    )


@st.cache_data(max_entries=64, show_spinner=False, hash_funcs=BY_PATH)
def _look(prepared: PreparedDataset, theme: str, language: str) -> str:
    """Drawn once for all viewers: (prepared, theme, language) -> HTML."""
    return dataset_look(prepared, "dark" if theme == "dark" else "light")


def draw_input(run: Run, dataset: Dataset) -> list[File]:
    """A canvas with the ink and the ground of the dataset."""
    from streamlit_drawable_canvas import st_canvas  # registers its component with the running server

    ink, ground = ("#FFFFFF", "#000000") if dataset.ink == "white-on-black" else ("#000000", "#FFFFFF")
    st.caption(_("Draw with the mouse, a pen or a finger."))
    sheet = f"sheet-{run.id}"
    canvas = st_canvas(
        stroke_width=20,
        stroke_color=ink,
        background_color=ground,
        width=CANVAS_SIZE,
        height=CANVAS_SIZE,
        drawing_mode="freedraw",
        return_image_data=True,
        key=f"canvas-{run.id}-{st.session_state.setdefault(sheet, 0)}",
    )
    st.button(
        _("Clear"),
        icon=":material/ink_eraser:",
        on_click=_next_sheet,
        args=(sheet,),
        help=_("Start with an empty sheet."),
    )
    return drawing(canvas.json_data, canvas.image_data)


def _next_sheet(sheet: str) -> None:
    st.session_state[sheet] += 1


def drawing(strokes: dict[str, Any] | None, pixels: np.ndarray | None) -> list[File]:
    """The canvas as a PNG, or nothing while it is empty."""
    if pixels is None or not (strokes or {}).get("objects"):
        return []
    return [(_("drawing"), png(Image.fromarray(np.asarray(pixels, dtype=np.uint8)).convert("RGB")))]


def upload_input(run: Run, dataset: Dataset) -> list[File]:
    """One or several image files."""
    return upload(
        _("Images"),
        IMAGES.endings,
        key=f"upload-{run.id}",
        words=_("One or more images, at most {count}. They are not stored."),
        too_many=_("{given} images were given; the first {most} are used, the most at once."),
    )


def camera_input(run: Run, dataset: Dataset) -> list[File]:
    """A photo. The browser asks for permission when the widget appears, not before."""
    photo = st.camera_input(
        _("Photo"), key=f"camera-{run.id}", help=_("Your browser asks for permission. The photo is not stored.")
    )
    return [(_("photo"), photo.getvalue())] if photo else []


def example_input(run: Run, dataset: Dataset) -> list[File]:
    """Examples of the test split, one click away."""
    return choose_example(run, dataset, held_out_examples, _draw_example)


def _draw_example(label: str, picture: bytes) -> None:
    st.image(picture, width=_EXAMPLE_PIXELS, alt=_("Example of {label}").format(label=plain_text(label)))


def held_out_examples(dataset: Dataset) -> list[tuple[str, bytes]]:
    """Label and PNG of a few examples of the test split."""
    return held_out(dataset, EXAMPLES, lambda prepared, position: png(_at(prepared, position)))


def _at(prepared: PreparedDataset, position: int) -> Image.Image:
    return as_image(prepared.inputs[np.asarray([position])][0])


def as_image(pixels: np.ndarray) -> Image.Image:
    """(height, width, channels) uint8 with one or three channels -> a picture."""
    return Image.fromarray(np.ascontiguousarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels))


WAYS = {
    "draw": Way(N_("Draw"), ":material/draw:", draw_input),
    "example": Way(N_("Example"), ":material/image:", example_input),
    "upload": Way(N_("Upload"), ":material/upload:", upload_input),
    "camera": Way(N_("Camera"), ":material/photo_camera:", camera_input),
}
"""Ways to give an image, in the order of display."""
