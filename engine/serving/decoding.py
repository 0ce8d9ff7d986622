"""From the bytes of a file to inputs of a network."""

from engine.data_info import DataInfo
from engine.modalities.base import modalities
from engine.modalities.given import Decoded


def decode(modality: str, data: bytes, name: str, info: DataInfo) -> Decoded:
    """All inputs of one file, or a `TrainyardError` with a sentence about it."""
    return modalities[modality].decode(data, name, info)
