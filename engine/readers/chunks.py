"""The chunks that WAV and AIFF files consist of: how many bytes are missing, and sizes that were never written.

Programs that write to a pipe do not know how long a sound will be: they leave the largest number, or none, in its header.
"""

from dataclasses import dataclass
from typing import Literal

_UNKNOWN_SIZE = 0x7FFF0000  # or more
_SLACK_BYTES = 128  # where less is missing, the header counts itself; the clip was not cut
_MOST_CHUNKS = 1_000  # that are looked at before the samples; programs write three or four
_SAMPLES = {b"WAVE": b"data", b"AIFF": b"SSND", b"AIFC": b"SSND"}


@dataclass(frozen=True)
class _Chunk:
    """Declared place of the samples in a file."""

    start: int
    """Behind name and size."""
    size: int

    def missing(self, length: int) -> int:
        """Return the number of bytes a file of this length lacks."""
        return max(0, self.start + self.size - length)


def is_chunked(data: bytes) -> bool:
    """Whether it is a WAV or an AIFF file, by its first bytes."""
    return (data[:4], data[8:12]) in ((b"RIFF", b"WAVE"), (b"FORM", b"AIFF"), (b"FORM", b"AIFC"))


def missing_bytes(data: bytes) -> int:
    """Return how many bytes the samples lack of what their header announces; libsndfile would not mind."""
    chunk = _samples(data)
    if chunk is None or chunk.size >= _UNKNOWN_SIZE:
        return 0
    missing = chunk.missing(len(data))
    return missing if missing > _SLACK_BYTES else 0


def with_sizes(data: bytes) -> bytes:
    """The file with the sizes that are true, where its own were never written; otherwise as it is."""
    chunk = _samples(data) if is_chunked(data) else None
    if chunk is None or not _unknown(data, chunk):
        return data
    order = _order(data)
    mended = bytearray(data)
    mended[4:8] = (len(data) - 8).to_bytes(4, order)
    mended[chunk.start - 4 : chunk.start] = (len(data) - chunk.start).to_bytes(4, order)
    return bytes(mended)


def _unknown(data: bytes, chunk: _Chunk) -> bool:
    if chunk.size >= _UNKNOWN_SIZE:
        return True
    return chunk.size == 0 and len(data) > chunk.start + 8 and not _follows(data, chunk.start)


def _follows(data: bytes, position: int) -> bool:
    """Whether another chunk begins here and ends within the file: then the one before is truly empty."""
    name, size = data[position : position + 4], int.from_bytes(data[position + 4 : position + 8], _order(data))
    return name.isascii() and name.decode().isprintable() and position + 8 + size <= len(data)


def _samples(data: bytes) -> _Chunk | None:
    position, wanted = 12, _SAMPLES[data[8:12]]
    for _ in range(_MOST_CHUNKS):
        size = int.from_bytes(data[position + 4 : position + 8], _order(data))
        if data[position : position + 4] == wanted:
            return _Chunk(position + 8, size)
        position += 8 + size + size % 2
    return None


def _order(data: bytes) -> Literal["big", "little"]:
    return "little" if data.startswith(b"RIFF") else "big"
