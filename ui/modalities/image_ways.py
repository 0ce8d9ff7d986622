"""Ways to give an image: drawn, photographed, uploaded, or taken from the test split; light and dark may be exchanged."""

from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st
from PIL import Image

from engine.datasets.base import Dataset
from engine.errors import TrainyardError
from engine.modalities.image.own import IMAGES
from engine.modalities.image.strokes import Strokes, find_strokes, inversion_suits
from engine.preparation.prepare import PreparedDataset, prepare
from engine.settings import settings
from ui.charts.thumbnails import as_image, png
from ui.language import N_, _
from ui.modalities.base import BY_PATH, Ask, File, Tried, Way
from ui.modalities.previews import UNOPENED
from ui.modalities.ways import NARROW_PIXELS, choose_example, held_out, upload
from ui.plain import plain_text
from ui.sentences import said
from ui.widgets.camera import live_frame

if TYPE_CHECKING:
    from streamlit_drawable_canvas import CanvasResult

EXAMPLES = 8
"""Number of examples of the test split that are offered."""
_EXAMPLE_PIXELS = 72
_SAMPLE = 500  # training images that are looked at for the pen
_INVERTED_PIXELS = 512  # side of the square for an image that is inverted: no network sees more of it


def draw_input(tried: Tried, dataset: Dataset) -> list[File]:
    """A canvas with the ink, the ground and the pen of the dataset."""
    from streamlit_drawable_canvas import st_canvas  # registers its component with the running server

    known = _known(dataset)
    light = known.light if known else dataset.ink == "white-on-black"
    ink, ground = ("#FFFFFF", "#000000") if light else ("#000000", "#FFFFFF")
    sheet = f"sheet-{tried.key}"
    canvas = st_canvas(
        stroke_width=max(1, round(NARROW_PIXELS * known.width)) if known else NARROW_PIXELS // 14,
        stroke_color=ink,
        background_color=ground,
        width=NARROW_PIXELS,
        height=NARROW_PIXELS,
        drawing_mode="freedraw",
        return_image_data=True,
        key=f"canvas-{tried.key}-{st.session_state.setdefault(sheet, 0)}",
    )
    st.button(
        _("Clear"),
        icon=":material/ink_eraser:",
        on_click=_next_sheet,
        args=(sheet,),
        help=_("Start with an empty sheet."),
    )
    st.caption(_("Draw with the mouse, a pen or a finger."))
    return drawing(canvas.json_data, canvas)


def _next_sheet(sheet: str) -> None:
    st.session_state[sheet] += 1


def drawing(strokes: dict[str, Any] | None, canvas: "CanvasResult") -> list[File]:
    """The canvas as the PNG that the browser sent, which nobody has decoded yet; nothing while it is empty."""
    if not (strokes or {}).get("objects"):
        return []
    try:
        data = canvas.image_bytes
    except (ValueError, TypeError, LookupError, AttributeError):  # a browser can send anything
        return []
    return [(_("drawing"), data)] if data else []


def upload_input(tried: Tried, dataset: Dataset) -> list[File]:
    """One or several image files."""
    return upload(
        _("Images"),
        IMAGES.endings,
        key=f"upload-{tried.key}",
        words=_("One or more images, at most {count}. They are not stored."),
        too_many=_("{given} images were given; the first {most} are used, the most at once."),
    )


def camera_input(tried: Tried, dataset: Dataset) -> list[File]:
    """The newest picture of a camera that is on, or a photo.

    The browser asks for permission when somebody turns the camera on; for a photo, when that is chosen.
    """
    rate = settings().live_frames_per_second
    live = st.toggle(
        _("Live"),
        value=True,
        key=f"live-{tried.key}",
        help=_(
            "Predict up to {rate} frames per second while the camera is on, or else one photo. Nothing is stored."
        ).format(rate=f"{rate:g}"),
    )
    if live:
        frame = live_frame(f"live-camera-{tried.key}", label=_("Live camera"), frames_per_second=rate)
        return [(_("photo"), frame.data)] if frame else []
    photo = st.camera_input(
        _("Photo"), key=f"camera-{tried.key}", help=_("Your browser asks for permission. The photo is not stored.")
    )
    return [(_("photo"), photo.getvalue())] if photo else []


# -- light and dark ----------------------------------------------------------------------------------------------------


def invertible(ask: Ask, *, suggests: bool = True) -> Ask:
    """Return what asks for images in the same way, and offers to exchange light and dark where the data have a ground.

    `suggests`: whether that is done at first where it brings an image closer to the data; a canvas has their colours already.
    """

    def ask_and_offer(tried: Tried, dataset: Dataset) -> list[File]:
        files = ask(tried, dataset)
        if not dataset.ink or not files:
            return files
        try:
            return _inverted(tried, dataset, files, suggests=suggests)
        except UNOPENED as error:
            st.error(said(error), icon=":material/error:")
            return []

    return ask_and_offer


def _inverted(tried: Tried, dataset: Dataset, files: list[File], *, suggests: bool) -> list[File]:
    """Return the files, with light and dark exchanged where that is chosen."""
    opened = _opened(tried, files) if suggests else []
    suits = suggests and _inversion_suits([pixels for pixels in opened if pixels is not None], _known(dataset))
    chosen = st.toggle(
        _("Invert light and dark"),
        value=suits,
        key=f"invert-{tried.key}-{suits}",
        help=_("On by default if that brings the mean brightness of the image closer to that of the training images."),
    )
    if not chosen:
        return files
    return [
        (name, data if pixels is None else png(as_image(255 - pixels)))
        for (name, data), pixels in zip(files, opened or _opened(tried, files), strict=True)
    ]


def _opened(tried: Tried, files: list[File]) -> list[np.ndarray | None]:
    """Return pixels of bounded size, None for a file that is no picture: its result says why."""
    return [one.pixels for one in tried.opened(files, _INVERTED_PIXELS)]


def _inversion_suits(images: list[np.ndarray], known: Strokes | None) -> bool:
    if not images or known is None:
        return False
    light = [np.asarray(as_image(pixels).convert("L")).mean() / 255 for pixels in images]
    return inversion_suits(float(np.mean(light)), known)


def _known(dataset: Dataset) -> Strokes | None:
    """Return how the training images are drawn, or None where they are not on this machine any more."""
    try:
        return _strokes(prepare(dataset))
    except TrainyardError:
        return None


@st.cache_data(max_entries=64, show_spinner=False, hash_funcs=BY_PATH)
def _strokes(prepared: PreparedDataset) -> Strokes:
    """Measured once for all viewers."""
    return find_strokes(np.asarray(prepared.inputs[prepared.indices("train")[:_SAMPLE]]))


# -- examples ----------------------------------------------------------------------------------------------------------


def example_input(tried: Tried, dataset: Dataset) -> list[File]:
    """Examples of the test split, one click away."""
    return choose_example(tried, dataset, held_out_examples, _draw_example)


def _draw_example(label: str, picture: bytes) -> None:
    st.image(picture, width=_EXAMPLE_PIXELS, alt=_("Example of {label}").format(label=plain_text(label)))


def held_out_examples(dataset: Dataset) -> list[tuple[str, bytes]]:
    """Label and PNG of a few examples of the test split."""
    return held_out(dataset, EXAMPLES, lambda prepared, position: png(image_at(prepared, position)))


def image_at(prepared: PreparedDataset, position: int) -> Image.Image:
    """Return the image of the example at `position`."""
    return as_image(prepared.inputs[np.asarray([position])][0])


DRAW = Way(
    N_("Draw"), ":material/draw:", invertible(draw_input, suggests=False), answer="beside", shown=True, made=True
)
EXAMPLE = Way(
    N_("Example"), ":material/image:", example_input, shown=True, examples=True,
    contents=lambda dataset: [picture for _label, picture in held_out_examples(dataset)],
)  # fmt: skip
UPLOAD = Way(N_("Upload"), ":material/upload:", invertible(upload_input))
CAMERA = Way(N_("Camera"), ":material/photo_camera:", invertible(camera_input), shown=True, made=True)


def image_ways(dataset: Dataset) -> dict[str, Way]:
    """Return the ways that suit a dataset: drawing first where its images are drawings, and not at all for photos."""
    others = {"example": EXAMPLE, "upload": UPLOAD, "camera": CAMERA}
    if not dataset.ink:
        return others
    return {"draw": DRAW, **others} if dataset.drawings else {**others, "draw": DRAW}
