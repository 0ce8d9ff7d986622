"""Small pictures of files that people give: bounded in size before they are decoded."""

import base64
import io
import warnings

from PIL import Image

from engine.settings import settings


def thumbnail(data: bytes, size: int = 96) -> bytes | None:
    """A PNG that fits into `size` x `size`, or None when the bytes are no picture or too large a one."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our own limit is checked below
            opened = Image.open(io.BytesIO(data))
            if opened.width * opened.height > settings().max_image_pixels:
                return None
            opened.draft("RGB", (size, size))
            opened.thumbnail((size, size))
            image = opened.convert("RGBA" if "A" in opened.mode or opened.mode == "P" else "RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    return png(image)


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


def small_url(data: bytes, size: int) -> str:
    """A picture that fits into `size` x `size` as a short data URL; empty when the bytes are no picture."""
    if (picture := thumbnail(data, size)) is None:
        return ""
    buffer = io.BytesIO()
    Image.open(io.BytesIO(picture)).convert("RGB").save(buffer, format="WEBP", quality=60)
    return f"data:image/webp;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def data_url(picture: bytes | None) -> str | None:
    """A PNG as text that a table's image column can show."""
    return f"data:image/png;base64,{base64.b64encode(picture).decode()}" if picture else None
