"""Scenes: pictures in which several things are to be found. They are shown whole, never cut."""

import numpy as np

from engine.advice.defaults import Advice, Facts
from engine.data_info import DataInfo
from engine.modalities.base import modalities
from engine.modalities.image import Image
from engine.modalities.scene.advice import advise
from engine.modalities.scene.fitting import fitted
from engine.modalities.scene.own import BOXED_PICTURES
from engine.readers.images import read_image


@modalities.register("scene", "Scenes")
class Scene(Image):
    """(height, width, 3) uint8."""

    group = "image"
    occludes = False
    own = BOXED_PICTURES
    checks = ("duplicates",)

    def decode_one(self, data: bytes, name: str, info: DataInfo) -> np.ndarray:
        """(height, width, channels) uint8 as in the dataset: the whole picture at the top left, grey beside it."""
        height, width, channels = info.shape
        picture = fitted(read_image(data, name, (width, height)), width, height)
        found = np.asarray(picture.convert("L" if channels == 1 else "RGB"))
        return found if found.ndim == 3 else found[..., None]

    def advise(self, facts: Facts) -> Advice | None:
        """A pretrained detector, and epochs enough for few pictures to be learned."""
        return advise(facts)
