"""Pictures: resized in the network, given as files or as nested lists, alike when fields of them are."""

from typing import Any, ClassVar

import numpy as np

from engine.advice.defaults import Advice, Facts
from engine.data_info import DataInfo
from engine.errors import TrainyardError
from engine.modalities.base import FACE_PIXELS, Face, Inputs, Modality, modalities
from engine.modalities.given import stacked_numbers
from engine.modalities.image.own import IMAGE, IMAGES, MEASURED_IMAGES
from engine.modalities.occlusions import Occlusions
from engine.modalities.own import OwnKind
from engine.modalities.recipe import Recipe
from engine.modalities.schema import Schema, either, file, numbers
from engine.modalities.seen import Seen
from engine.readers.images import decode_image, is_small, read_image


@modalities.register(IMAGE, "Images")
class Image(Modality):
    """(height, width, channels) uint8, with one channel or three."""

    occludes = True
    own: ClassVar[OwnKind | None] = IMAGES
    more_own: ClassVar[tuple[OwnKind, ...]] = (MEASURED_IMAGES,)

    def decode_one(self, data: bytes, name: str, info: DataInfo) -> np.ndarray:
        """(height, width, channels) uint8 as in the dataset: scaled to cover the size, cut at the centre."""
        height, width, channels = info.shape
        return decode_image(data, name, channels=1 if channels == 1 else 3, size=(height, width))

    def opened(self, data: bytes, name: str, pixels: int) -> np.ndarray:
        """The picture, upright, on white where it is transparent."""
        picture = read_image(data, name, (pixels, pixels))
        picture.thumbnail((pixels, pixels))
        found = np.asarray(picture)
        return found if found.ndim == 3 else found[..., None]

    def quick(self, data: bytes) -> bool:
        """Return whether the picture has few pixels."""
        return is_small(data)

    def parse_arrays(self, instances: list[Any], info: DataInfo, where: str = "instances[0]") -> np.ndarray:
        """Nested lists (height, width, channels) of 0 to 255."""
        found = stacked_numbers(instances, info.shape, finite=False)  # its range is checked below
        if found is None:
            raise TrainyardError(
                "{where} is not an image: expected nested lists of {shape} numbers (height, width, "
                'channels), or {{"b64": "..."}} with a PNG or JPEG file.',
                where=where,
                shape=" × ".join(map(str, info.shape)),
            )
        if found.min() < 0 or found.max() > 255:
            raise TrainyardError(
                "{where} has values from {min:g} to {max:g}; pixel values must be from 0 to 255.",
                where=where,
                min=found.min(),
                max=found.max(),
            )
        return found

    def schema(self, info: DataInfo | None = None) -> Schema:
        """Pixels, or a file of any size."""
        pixel = {"type": "number", "minimum": 0, "maximum": 255}
        shape = info.shape if info else (None, None, None)
        pixels = numbers(shape, pixel, "Pixels from 0 to 255: (height, width, channels), in the size of the dataset.")
        return either(pixels, file("A picture of any size: PNG, JPEG, WebP, GIF or BMP."))

    def inputs(self, info: DataInfo) -> tuple[Any, Any]:
        """Images (batch, any height, any width, channels) -> resized to those of the dataset."""
        import keras

        height, width, channels = info.shape
        raw = keras.Input((None, None, channels), name="image")
        return raw, keras.layers.Resizing(height, width, name="resize")(raw)

    def preprocess(self, x: Any, info: DataInfo) -> Any:
        """0 to 255 -> 0 to 1."""
        from keras import layers

        return layers.Rescaling(1 / 255, name="scale")(x)

    def near_copies(self, inputs: Inputs, where: np.ndarray) -> list[list[int]]:
        """Pairs that look alike."""
        from engine.modalities.image.looks import near_images

        return [list(pair) for pair in near_images(np.asarray(inputs[where]))]

    def face(self, one: Any, info: DataInfo) -> Face:
        """The picture, small."""
        from engine.modalities.image.looks import as_picture

        picture = as_picture(one)
        picture.thumbnail((FACE_PIXELS, FACE_PIXELS))
        return Face(picture)

    def pictures(self, inputs: np.ndarray) -> list[bytes]:
        """As they are, rounded."""
        from engine.modalities.image.looks import png

        return [png(image) for image in inputs]

    def seen(self, features: np.ndarray, info: DataInfo) -> list[Seen]:
        """0 to 1 -> pictures of as many pixels."""
        return [Seen(picture) for picture in self.pictures(255 * features)]

    def occlude(self, one: np.ndarray, most: int, info: DataInfo, typical: Any) -> Occlusions:
        """Squares."""
        from engine.modalities.image.occlusions import hide_squares

        return hide_squares(one[0], most)

    def advise(self, facts: Facts) -> Advice | None:
        """By the number of images and their size."""
        from engine.modalities.image.advice import advise

        return advise(facts)

    def baseline(self, sample: np.ndarray, num_classes: int) -> Recipe:
        """The pixels, which show no shape, only where it is light or dark."""
        from engine.modalities.image.baseline import recipe

        return recipe(sample, num_classes)

    def doubter(self, sample: np.ndarray, num_classes: int) -> Recipe:
        """Few fields of each picture: a large dataset is inspected in a minute, which all pixels would take many times over."""
        from engine.modalities.image.baseline import recipe_of_fields

        return recipe_of_fields()
