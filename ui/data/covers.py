"""Covers: a small picture of a few examples by which a dataset is recognised, whatever its modality.

Those of the datasets that ship with the program are files, which `scripts/covers.py` draws. All others are drawn once.
"""

import base64
import io
from collections.abc import Sequence
from html import escape
from pathlib import Path

import numpy as np
import streamlit as st
from PIL import Image

from engine.datasets.base import Dataset
from engine.preparation.prepare import PreparedDataset, is_prepared, prepare
from engine.preparation.varied import varied
from engine.settings import settings
from ui.modalities.base import BY_PATH
from ui.plain import plain_text
from ui.widgets.tiles import look_of

PICTURES = Path(__file__).with_name("covers")
WIDTH, HEIGHT = 360, 120
_SCALE = 2  # for sharp screens
_EXAMPLES, _LINES, _LINE_CHARACTERS = 12, 4, 48
_FEW = 6
_GROUND, _INK = "#10293D", "#F2F6FA"
"""The same in both themes, as on the cards of the start page."""


def find_cover(dataset: Dataset, num_examples: int) -> bytes | str | None:
    """Return the picture of a dataset on this machine; None for one that would first have to be prepared at length."""
    for ending in (".webp", ".svg"):
        if (file := PICTURES / f"{dataset.name}{ending}").is_file():
            return file.read_text("utf-8") if ending == ".svg" else file.read_bytes()
    if not dataset.available():
        return None
    if num_examples > settings().max_cover_examples and not is_prepared(dataset):
        return None
    return _drawn(prepare(dataset))


@st.cache_data(max_entries=128, show_spinner=False, hash_funcs=BY_PATH)
def _drawn(prepared: PreparedDataset) -> bytes | str:
    return draw_cover(prepared)


def draw_cover(prepared: PreparedDataset) -> bytes | str:
    """Draw some training examples: a WebP where they are seen, an SVG of lines where they are read."""
    looks = [look_of(prepared.face(int(position))) for position in varied(prepared, "train", _EXAMPLES)]
    images = [look.image for look in looks if look.image]
    return _mosaic(images) if images else _lines([look.text for look in looks[:_LINES]])


def _mosaic(urls: Sequence[str]) -> bytes:
    """Pictures of one height in two rows, as far as there is room."""
    sheet = Image.new("RGB", (_SCALE * WIDTH, _SCALE * HEIGHT), _GROUND)
    high = _SCALE * HEIGHT // 2
    across, down = 0, 0
    for url in urls:
        picture = Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))).convert("RGB")
        wide = max(1, round(picture.width * high / picture.height))
        if across + wide > sheet.width:
            across, down = 0, down + high
        few = picture.height * _FEW < high  # pixels stay sharp squares
        sheet.paste(
            picture.resize((wide, high), Image.Resampling.NEAREST if few else Image.Resampling.LANCZOS), (across, down)
        )
        across += wide
    out = io.BytesIO()
    sheet.save(out, format="WEBP", quality=80, method=6)
    return out.getvalue()


def _lines(texts: Sequence[str]) -> str:
    """Texts below each other, each as far as there is room."""
    step = HEIGHT / (len(texts) + 0.5)
    places = step * (np.arange(len(texts)) + 0.9)
    lines = "".join(
        f'<text x="14" y="{y:.0f}">{escape(plain_text(text, _LINE_CHARACTERS))}</text>'
        for y, text in zip(places, texts, strict=True)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}">'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{_GROUND}"/>'
        f'<g fill="{_INK}" font-family="sans-serif" font-size="14">{lines}</g></svg>\n'
    )
