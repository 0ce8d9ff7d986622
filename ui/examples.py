"""Examples of a dataset as people know them: one renderer for each modality. A page asks `draw_examples` and names none."""

import io
import wave
from collections.abc import Callable, Sequence
from html import escape

import numpy as np
import pandas as pd
import streamlit as st
from PIL import Image

from engine.baselines.mel import SAMPLE_RATE_HZ, log_mel
from engine.datasets.base import datasets
from engine.datasets.prepare import PreparedDataset
from engine.errors import TrainyardError
from engine.tasks.base import tasks
from ui.charts import THEMES
from ui.inputs import as_image
from ui.language import _
from ui.run_views import theme_name
from ui.thumbnails import data_url, png

Draw = Callable[[PreparedDataset, np.ndarray, Sequence[str]], None]

_MODALITIES: dict[str, Draw] = {}
_TILE = 104  # pixels of a picture's longer side
_MAX_SIGNS = 600  # of a text; the rest is left out
_SPECTROGRAM_FRAMES = 200


def modality(name: str) -> Callable[[Draw], Draw]:
    """Decorator: this function draws examples of one modality, each with its caption."""

    def decorator(draw: Draw) -> Draw:
        _MODALITIES[name] = draw
        return draw

    return decorator


def draw_examples(prepared: PreparedDataset, positions: Sequence[int] | np.ndarray, captions: Sequence[str]) -> None:
    """The examples at `positions` of the prepared dataset, a caption each: plain text, whatever is in it.

    Raises `TrainyardError` for a modality that has no renderer.
    """
    name = _modality_of(prepared)
    if name not in _MODALITIES:
        raise TrainyardError(f"There is no way yet to show examples of modality {name!r} in the browser.")
    _MODALITIES[name](prepared, np.asarray(positions, dtype=np.int64), captions)


def _modality_of(prepared: PreparedDataset) -> str:
    dataset = datasets[str(prepared.meta["dataset"]["name"])]
    return tasks[dataset.tasks[0]].modality


@modality("image")
def draw_images(prepared: PreparedDataset, positions: np.ndarray, captions: Sequence[str]) -> None:
    """Pictures side by side, as many in a row as there is room for."""
    tiles = [
        f'<figure style="margin:0;width:{_TILE}px">{_picture(image, caption)}'
        f'<figcaption style="font-size:0.8rem;line-height:1.25;overflow-wrap:anywhere">{escape(caption)}</figcaption>'
        "</figure>"
        for image, caption in zip(np.asarray(prepared.inputs[positions]), captions, strict=True)
    ]
    st.html(f'<div style="display:flex;flex-wrap:wrap;gap:12px 10px">{"".join(tiles)}</div>')


def _picture(pixels: np.ndarray, caption: str) -> str:
    """(height, width, channels) -> an element; few pixels stay sharp squares."""
    image = as_image(pixels)
    image.thumbnail((2 * _TILE, 2 * _TILE))
    rendering = "pixelated" if max(image.size) < _TILE else "auto"
    return (
        f'<img src="{data_url(png(image))}" alt="{escape(caption)}" style="width:{_TILE}px;height:{_TILE}px;'
        f'object-fit:contain;image-rendering:{rendering};border-radius:4px;display:block;margin-bottom:4px">'
    )


@modality("text")
def draw_texts(prepared: PreparedDataset, positions: np.ndarray, captions: Sequence[str]) -> None:
    """Each text in a frame, the beginning of a long one."""
    look = THEMES[theme_name()]
    frames = [
        f'<div style="border:1px solid {look.grid};border-radius:6px;padding:8px 12px;margin-bottom:8px">'
        f'<div style="font-size:0.8rem;opacity:0.85;margin-bottom:4px">{escape(caption)}</div>'
        f'<div style="white-space:pre-wrap;overflow-wrap:anywhere">{escape(shortened(text))}</div></div>'
        for text, caption in zip(prepared.inputs[positions], captions, strict=True)
    ]
    st.html("".join(frames))


def shortened(text: str, most: int = _MAX_SIGNS) -> str:
    """The beginning of a text, with a sign that there is more."""
    return text if len(text) <= most else text[:most].rstrip() + " …"


@modality("audio")
def draw_sounds(prepared: PreparedDataset, positions: np.ndarray, captions: Sequence[str]) -> None:
    """A player and a spectrogram each, two in a row."""
    sounds = np.asarray(prepared.inputs[positions])
    for first in range(0, len(sounds), 2):
        row = slice(first, first + 2)
        for column, samples, caption in zip(st.columns(2), sounds[row], captions[row], strict=False):
            with column:
                st.text(caption)
                st.html(_spectrogram_element(samples, caption))
                st.audio(wav(samples), format="audio/wav", alt=caption)


def wav(samples: np.ndarray) -> bytes:
    """(samples,) int16, mono, 16 kHz -> a WAV file."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE_HZ)
        file.writeframes(np.ascontiguousarray(samples, dtype="<i2").tobytes())
    return buffer.getvalue()


def spectrogram(samples: np.ndarray) -> Image.Image:
    """(samples,) int16 -> a picture: time to the right, pitch upwards, loud is bright."""
    bands = log_mel(samples[None])[0]
    bands = bands[:: -(-len(bands) // _SPECTROGRAM_FRAMES)]
    low, high = float(bands.min()), float(bands.max())
    grey = 255 * (bands - low) / max(high - low, 1e-6)
    return Image.fromarray(np.ascontiguousarray(grey.T[::-1]).astype(np.uint8))


def _spectrogram_element(samples: np.ndarray, caption: str) -> str:
    words = escape(_("Spectrogram: {caption}").format(caption=caption))
    return (
        f'<img src="{data_url(png(spectrogram(samples)))}" alt="{words}" '
        'style="width:100%;height:80px;image-rendering:auto;border-radius:4px;display:block">'
    )


@modality("table")
def draw_rows(prepared: PreparedDataset, positions: np.ndarray, captions: Sequence[str]) -> None:
    """A row each, its caption in front."""
    table = rows_as_table(np.asarray(prepared.inputs[positions]), _column_names(prepared))
    table.index = pd.Index(captions)
    st.dataframe(table, alt=_("Examples of the dataset, one a row"))


def _column_names(prepared: PreparedDataset) -> list[str]:
    """Names in the order of the numbers, then the categories; empty where the dataset does not tell."""
    return [str(column.name) for column in getattr(prepared.info, "columns", ())]


def rows_as_table(rows: np.ndarray, names: Sequence[str]) -> pd.DataFrame:
    """(examples,) with fields `numbers` and `categories` -> a frame; unnamed columns are counted from 1."""
    fields = [name for name in ("numbers", "categories") if name in (rows.dtype.names or ())]
    values = [rows[field][:, i] for field in fields for i in range(rows[field].shape[1])]
    titles = list(names) if len(names) == len(values) else [str(i + 1) for i in range(len(values))]
    return pd.DataFrame(dict(enumerate(values))).set_axis(titles, axis=1)
