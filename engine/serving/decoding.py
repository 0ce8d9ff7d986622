"""From the bytes of a file to one input of a network: one function a modality."""

from collections.abc import Callable

import numpy as np

from engine.datasets.images import decode_image
from engine.errors import TrainyardError
from engine.tasks.base import DataInfo


def decode_picture(data: bytes, name: str, info: DataInfo) -> np.ndarray:
    """(height, width, channels) uint8 as in the dataset: scaled to cover the size, cut at the centre."""
    height, width, channels = info.shape
    return decode_image(data, name, channels=1 if channels == 1 else 3, size=(height, width))


DECODERS: dict[str, Callable[[bytes, str, DataInfo], np.ndarray]] = {"image": decode_picture}
"""By modality. Each takes bytes, the file's name for the error, and what the network wants."""


def decode(modality: str, data: bytes, name: str, info: DataInfo) -> np.ndarray:
    """One input, or a `TrainyardError` with a sentence about the file."""
    if modality not in DECODERS:
        raise TrainyardError(f"Files cannot be turned into {modality} inputs yet; there is: {', '.join(DECODERS)}.")
    return DECODERS[modality](data, name, info)
