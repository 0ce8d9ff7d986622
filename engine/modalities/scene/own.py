"""Imported pictures with boxes: each upright, whole, and not too large."""

from engine.modalities.image.own import stored_png
from engine.modalities.own import OwnKind, Rewritten
from engine.readers.images import ENDINGS, read_image
from engine.sentences import Sentence

LARGEST_SIDE = 320
"""Longer side of the stored pictures in pixels; smaller ones keep their size."""


def rewrite_scene(data: bytes, name: str) -> Rewritten:
    """A PNG of our own making, in the shape of the picture."""
    from PIL import Image

    picture = read_image(data, name, (LARGEST_SIDE, LARGEST_SIDE)).convert("RGB")
    picture.thumbnail((LARGEST_SIDE, LARGEST_SIDE), Image.Resampling.BICUBIC)
    return stored_png(picture), None


BOXED_PICTURES = OwnKind(
    "boxed-pictures",
    "Pictures with boxes",
    Sentence("pictures with boxes"),
    dataset="my-scenes",
    field="pictures",
    endings=ENDINGS,
    task="object-detection",
    rewrite=rewrite_scene,
    array="pixels",
    boxed=True,
)
