"""Bytes to text, for files from any editor of any decade: UTF-8, UTF-16, UTF-32 and the legacy encodings.

The bytes decide, never a name. If that is a guess, the result says so and importers can report it.
"""

import codecs
import re
from dataclasses import dataclass

from engine.errors import TrainyardError
from engine.readers.kinds import kind_of
from engine.readers.likelihood import ANSI, likeliest, spoken
from engine.sentences import Sentence

_MARKS = (  # UTF-32 first: its mark begins like that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SAMPLE_BYTES = 1 << 20
_UTF8_LETTER = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_HIGH = re.compile(rb"[\x80-\xff]+")


@dataclass(frozen=True)
class Decoded:
    """A text, the encoding it was in, and a sentence where letters may be wrong, else ""."""

    text: str
    encoding: str
    problem: Sentence | None = None


def decode_text(data: bytes, name: str, encoding: str = "") -> Decoded:
    """Decode the content of a text file, in `encoding` if one is given; all line ends become `\\n`.

    Letters that fit no encoding become U+FFFD and are counted in `problem`. `name` is for the sentence of the
    `TrainyardError` that an empty file and binary data raise.
    """
    shown = repr(name[-80:])
    if not data:
        raise TrainyardError("{shown} is empty (0 bytes). Copy the file again, or leave it out.", shown=shown)
    found, skip = _encoding(data)
    encoding = encoding or found
    text = data[skip:].decode(encoding, "replace")
    if "\0" in text:
        raise TrainyardError(
            "{shown} is {kind} with binary data, not a text. Save it as text in UTF-8.", shown=shown, kind=kind_of(data)
        )
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return Decoded(text, encoding, _problem(text, data, encoding))


def _encoding(data: bytes) -> tuple[str, int]:
    """The name of the encoding, and the length of the byte-order mark."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return encoding, len(mark)
    wide = _wide(data[:_SAMPLE_BYTES])
    if wide:
        return wide, 0
    try:
        codecs.utf_8_decode(data, "strict", True)
    except UnicodeDecodeError:
        return "utf-8" if _mostly_utf8(data) else likeliest(data, ANSI), 0
    return "utf-8", 0


def _wide(sample: bytes) -> str:
    """UTF-16 without a mark: read the wrong way round, a text has no line ends, spaces and commas."""
    if b"\0" not in sample:
        return ""
    marks = {}
    for encoding in ("utf-16-le", "utf-16-be"):
        text = sample.decode(encoding, "replace")
        marks[encoding] = 0 if "\0" in text else sum(text.count(mark) for mark in "\n ,;\t")
    best = max(marks, key=lambda encoding: marks[encoding])
    return best if marks[best] else ""


def _mostly_utf8(data: bytes) -> bool:
    """Whether it is UTF-8 that was damaged: by chance, hardly any other text looks like it."""
    first = _HIGH.search(data)
    sample = data[first.start() :][:_SAMPLE_BYTES] if first else b""
    high = sum(len(found) for found in _HIGH.findall(sample))
    return 2 * sum(len(found) for found in _UTF8_LETTER.findall(sample)) > high


def _problem(text: str, data: bytes, encoding: str) -> Sentence | None:
    lost = text.count("\N{REPLACEMENT CHARACTER}")
    before = data.count("\N{REPLACEMENT CHARACTER}".encode()) if encoding == "utf-8" else 0
    if lost > before:
        return Sentence(
            "{lost:,} characters do not fit any encoding and were replaced: the file mixes "
            "encodings. Save it as UTF-8.",
            lost=lost,
        )
    if lost:
        return Sentence(
            "{lost:,} characters were already lost: the file contains U+FFFD, the replacement "
            "character, in their place.",
            lost=lost,
        )
    if encoding in ANSI and encoding != "gb18030":  # which is what files of Chinese Windows are in
        return Sentence(
            "The file is not UTF-8; it was read as {encoding}. Save it as UTF-8.", encoding=spoken(encoding)
        )
    return None
