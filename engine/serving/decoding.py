"""From the bytes of a file to inputs of a network."""

import numpy as np

from engine.data_info import DataInfo
from engine.errors import TrainyardError
from engine.modalities.base import modalities
from engine.modalities.given import Decoded
from engine.serving.rows import decode_rows
from engine.serving.texts import is_table_of_texts, read_texts
from engine.settings import settings


def _rows_of_texts(data: bytes, name: str, info: DataInfo) -> Decoded:
    read = read_texts(data, name, info.text_column)
    limit = settings().max_predicted_rows
    if len(read.names) > limit:
        raise TrainyardError(
            "{name!r} has {rows:,} rows; one request may have {limit:,} (TRAINYARD_MAX_PREDICTED_ROWS). Send "
            "it in portions.",
            name=name[-80:],
            rows=len(read.names),
            limit=limit,
        )
    good = [text for row, text in enumerate(read.texts) if row not in read.errors]
    return Decoded(read.names, np.array(good, object), read.errors)


def decode(modality: str, data: bytes, name: str, info: DataInfo) -> Decoded:
    """All inputs of one file, or a `TrainyardError` with a sentence about it."""
    if modality == "table":
        return decode_rows(data, name, info)
    if modality == "text" and is_table_of_texts(name):
        return _rows_of_texts(data, name, info)
    return modalities[modality].decode(data, name, info)
