"""Imported pictures: each is decoded, turned upright, cropped square and written again."""

from io import BytesIO
from typing import TYPE_CHECKING

from engine.modalities.own import OwnKind, Rewritten
from engine.readers.images import ENDINGS, read_image
from engine.sentences import Sentence

if TYPE_CHECKING:
    from PIL import Image

IMAGE = "image"
"""Name of the modality."""
LARGEST_SIDE = 160
"""Side of the stored squares in pixels; smaller images keep their size."""


def rewrite_image(data: bytes, name: str) -> Rewritten:
    """A square PNG of our own making."""
    from PIL import Image, ImageOps

    image = read_image(data, name, (LARGEST_SIDE, LARGEST_SIDE))
    side = min(LARGEST_SIDE, *image.size)
    square = ImageOps.fit(image, (side, side), Image.Resampling.BICUBIC)
    return stored_png(square), None


def stored_png(picture: "Image.Image") -> bytes:
    """A PNG of our own making, without the profiles, comments and places that cameras write."""
    picture.info.clear()
    buffer = BytesIO()
    picture.save(buffer, "PNG", compress_level=3)
    return buffer.getvalue()


MEASURED_IMAGES = OwnKind(
    "measured-images",
    "Images with numbers",
    Sentence("images"),
    dataset="my-measured-images",
    field="measured",
    endings=ENDINGS,
    task="image-regression",
    rewrite=rewrite_image,
    array="pixels",
    measured=True,
)
IMAGES = OwnKind(
    "images",
    "Images",
    Sentence("images"),
    dataset="folder",
    field="folder",
    endings=ENDINGS,
    task="image-classification",
    rewrite=rewrite_image,
    array="pixels",
)
