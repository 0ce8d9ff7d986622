"""A picture of any shape in a frame: scaled as a whole, at the top left, so that one factor leads from its pixels to the frame's."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

GREY = (128, 128, 128)
"""Beside a picture that does not fill the frame."""


def factor(size: tuple[int, int], width: int, height: int) -> float:
    """Return how many pixels of a frame (`width`, `height`) one pixel of a picture of `size` becomes."""
    return min(width / size[0], height / size[1])


def fitted(picture: "Image", width: int, height: int) -> "Image":
    """Return `picture` in a frame of these pixels."""
    from PIL import Image

    scale = factor(picture.size, width, height)
    size = (max(1, min(width, round(picture.width * scale))), max(1, min(height, round(picture.height * scale))))
    frame = Image.new("RGB", (width, height), GREY)
    frame.paste(picture.convert("RGB").resize(size, Image.Resampling.BICUBIC), (0, 0))
    return frame
