"""Base of the datasets of imported pictures: their size and colour are chosen when they are read."""

from typing import Any, ClassVar, Literal

import numpy as np

from engine.datasets.stored.base import OwnDataset, check_size
from engine.imports.collected import Stored
from engine.readers.images import decode_image


class StoredImages(OwnDataset):
    """Imported pictures, as somebody wants them."""

    licence: ClassVar[str] = "The licence of the images"
    suggested: ClassVar[dict[str, Any]] = {"epochs": 30, "batch_size": 16, "patience": 6}

    image_size: Literal[28, 32, 64, 96, 128, 160] = 64
    """Height and width in pixels. Larger shows more detail and takes longer: about four times as long for twice the size."""
    colour: Literal["colour", "grey"] = "colour"
    """Whether colour is kept. Grey suits drawings, letters and X-rays."""

    def inputs(self, stored: Stored) -> np.ndarray:
        """All images, (image_size, image_size, 3 or 1) uint8."""
        channels: Literal[1, 3] = 3 if self.colour == "colour" else 1
        shape = (len(stored), self.image_size, self.image_size, channels)
        size_bytes = int(np.prod(shape, dtype=np.int64))
        check_size(self.reference, size_bytes, f"at {self.image_size} pixels", "a smaller image size")
        inputs = np.empty(shape, np.uint8)
        for index in range(len(stored)):
            inputs[index] = decode_image(stored.bytes_of(index), str(stored.names[index]), channels, shape[1:3])
        return inputs
