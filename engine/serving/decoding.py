"""From the bytes of a file to inputs of a network: one function a modality."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from engine.data_info import DataInfo
from engine.errors import TrainyardError
from engine.readers.images import decode_image
from engine.readers.kinds import kind_of
from engine.readers.sounds import decode_sound, fit_length
from engine.sentences import COMMA, Sentence, joined
from engine.serving.decoded import Decoded
from engine.serving.rows import decode_rows
from engine.serving.texts import is_table_of_texts, read_texts
from engine.settings import settings

_NEARLY_ALL = 0.99  # of the energy of the loudest stretch


def decode_picture(data: bytes, name: str, info: DataInfo) -> np.ndarray:
    """(height, width, channels) uint8 as in the dataset: scaled to cover the size, cut at the centre."""
    height, width, channels = info.shape
    return decode_image(data, name, channels=1 if channels == 1 else 3, size=(height, width))


def decode_text(data: bytes, name: str, info: DataInfo) -> str | Decoded:
    """A text in UTF-8 that says something, at most `max_text_characters` long; of a table, a text in each row."""
    if is_table_of_texts(name):
        return _rows_of_texts(data, name, info)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TrainyardError(_no_text(data, name, f" ({error.reason})")) from error
    if "\0" in text:  # which is valid UTF-8, and what English in UTF-16 is full of
        raise TrainyardError(_no_text(data, name, ", but UTF-16 or binary data"))
    if not text.strip():
        raise TrainyardError(
            "{name!r} is empty: there are no letters in it. Write something, or leave it out.", name=name[-80:]
        )
    limit = settings().max_text_characters
    if len(text) > limit:
        raise TrainyardError(
            "{name!r} has {text:,} characters; a text may have {limit:,} (TRAINYARD_MAX_TEXT_CHARACTERS). Shorten it.",
            name=name[-80:],
            text=len(text),
            limit=limit,
        )
    return text


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


def _no_text(data: bytes, name: str, reason: str) -> str:
    """The sentence for bytes that are something else, which is named where it is known."""
    kind = kind_of(data)
    if kind in ("text", "of an unknown format"):
        return Sentence("{name!r} is not text in UTF-8{reason}. Save it as UTF-8.", name=name[-80:], reason=reason)
    return Sentence("{name!r} is {kind}, not text in UTF-8. Give a text file.", name=name[-80:], kind=kind)


def decode_clip(data: bytes, name: str, info: DataInfo) -> np.ndarray:
    """(samples,) int16 as in the dataset: of a longer clip the loudest stretch, a shorter one ends in silence."""
    (length,) = info.shape
    return fit_length(loudest(decode_sound(data, name), length), length)


def loudest(samples: np.ndarray, length: int) -> np.ndarray:
    """(samples,) int16 -> at most `length` of them, where most is to be heard: people speak when they are ready.

    Where several stretches hold nearly all that is to be heard, the middle one: the word then lies in its middle.
    """
    if len(samples) <= length:
        return samples
    heard = np.concatenate([[0.0], np.cumsum(np.square(samples, dtype=np.float64))])
    energy = heard[length:] - heard[:-length]
    best = np.flatnonzero(energy >= _NEARLY_ALL * energy.max())
    start = int(best[len(best) // 2])
    return samples[start : start + length]


DECODERS: dict[str, Callable[[bytes, str, DataInfo], Any]] = {
    "image": decode_picture,
    "text": decode_text,
    "audio": decode_clip,
    "table": decode_rows,
}
"""By modality. Each takes bytes, the file's name for the error, and what the network wants. It returns one input, or
`Decoded` where a file may hold several."""


def decode(modality: str, data: bytes, name: str, info: DataInfo) -> Decoded:
    """All inputs of one file, or a `TrainyardError` with a sentence about it."""
    if modality not in DECODERS:
        raise TrainyardError(
            "Files cannot be turned into {modality} inputs yet; there is: {decoders}.",
            modality=modality,
            decoders=joined(DECODERS, COMMA),
        )
    found = DECODERS[modality](data, name, info)
    return found if isinstance(found, Decoded) else Decoded((name,), stack([found]))


def decode_one(modality: str, data: bytes, name: str, info: DataInfo) -> np.ndarray:
    """The single input that a file holds, as a batch (1, ...). Raises `TrainyardError` for what is unusable."""
    found = decode(modality, data, name, info)
    if found.errors:
        raise TrainyardError("{name!r}: {next}", name=name[-80:], next=next(iter(found.errors.values())))
    if len(found.inputs) != 1:
        raise TrainyardError(
            "{name!r} holds {inputs} inputs; one is expected.", name=name[-80:], inputs=len(found.inputs)
        )
    return found.inputs


def stack(inputs: Sequence[Any]) -> np.ndarray:
    """Inputs of one modality as one batch (examples, ...)."""
    return np.array(inputs, object) if isinstance(inputs[0], str) else np.stack(inputs)
