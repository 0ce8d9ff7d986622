"""Pixels as pictures for pages. Files are not opened here."""

import base64
import io
from collections.abc import Sequence
from html import escape

import numpy as np
from PIL import Image

from ui.plain import LONGEST_CAPTION, plain_text

_TILE_PIXELS = 104


def as_image(pixels: np.ndarray) -> Image.Image:
    """(height, width, channels) uint8 with one channel or three -> a picture."""
    return Image.fromarray(np.ascontiguousarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels))


def png(image: Image.Image) -> bytes:
    """The picture as PNG bytes."""
    buffer = io.BytesIO()
    image.save(buffer, format="PNG")
    return buffer.getvalue()


def webp_url(image: Image.Image) -> str:
    """The picture without loss as a data URL, half as long as one of a PNG."""
    buffer = io.BytesIO()
    image.save(buffer, format="WEBP", lossless=True)
    return f"data:image/webp;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def small_url(pixels: np.ndarray) -> str:
    """(height, width, channels) uint8 -> a short data URL."""
    buffer = io.BytesIO()
    as_image(pixels).save(buffer, format="WEBP", quality=60)
    return f"data:image/webp;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def data_url(picture: bytes | None) -> str | None:
    """A PNG as text that a table's image column can show."""
    return f"data:image/png;base64,{base64.b64encode(picture).decode()}" if picture else None


def picture_tiles(pictures: np.ndarray, captions: Sequence[str], width: int = _TILE_PIXELS) -> str:
    """(pictures, height, width, channels) with their captions -> HTML: side by side, as many in a row as there is room for.

    Each is `width` pixels wide, and high enough to be seen whole.
    """
    tiles = "".join(_tile(one, caption, width) for one, caption in zip(pictures, captions, strict=False))
    return f'<div style="display:flex;flex-wrap:wrap;gap:12px 10px">{tiles}</div>'


def _tile(pixels: np.ndarray, caption: str, width: int) -> str:
    """(height, width, channels) with its caption -> an element; few pixels stay sharp squares."""
    words = escape(plain_text(caption, LONGEST_CAPTION))
    image = as_image(pixels)
    image.thumbnail((2 * width, 2 * width))
    rendering = "pixelated" if max(image.size) < width else "auto"
    height = width if width == _TILE_PIXELS else max(1, round(width * image.height / image.width))
    return (
        f'<figure style="margin:0;width:{width}px"><img src="{data_url(png(image))}" alt="{words}" '
        f'style="width:{width}px;height:{height}px;object-fit:contain;image-rendering:{rendering};'
        'border-radius:4px;display:block;margin-bottom:4px">'
        f'<figcaption style="font-size:0.8rem;line-height:1.25;overflow-wrap:anywhere">{words}</figcaption>'
        "</figure>"
    )
