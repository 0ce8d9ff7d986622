"""Pixels as pictures for pages. Files are not opened here."""

import base64
import io

import numpy as np
from PIL import Image


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
