"""Bytes to text, for files from any editor of any decade: UTF-8, UTF-16, UTF-32, GB 18030 and Western European.

What the bytes say decides, never a name. Where that is a guess, the result says so, so that importers can report it.
"""

import codecs
import re
from dataclasses import dataclass

from engine.errors import TrainyardError
from engine.readers.kinds import kind_of
from engine.sentences import Sentence

_MARKS = (  # UTF-32 first: its mark begins like that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SAMPLE_BYTES = 1 << 20
_GB_PAIR = re.compile(rb"[\x81-\xfe][\x40-\x7e\x80-\xfe]")
_GB_COMMON = re.compile(rb"[\xa1-\xa5\xb0-\xd7][\xa1-\xfe]")  # punctuation, kana, and the 3,755 characters of daily use
_UTF8_LETTER = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_HIGH = re.compile(rb"[\x80-\xff]+")


@dataclass(frozen=True)
class Decoded:
    """A text, the encoding it was in, and a sentence where letters may be wrong, else ""."""

    text: str
    encoding: str
    problem: str = ""


def decode_text(data: bytes, name: str) -> Decoded:
    """Decode the content of a text file; all line ends become `\\n`.

    Letters that fit no encoding become U+FFFD and are counted in `problem`. `name` is for the sentence of the
    `TrainyardError` that an empty file and binary data raise.
    """
    shown = repr(name[-80:])
    if not data:
        raise TrainyardError("{shown} is empty (0 bytes). Copy the file again, or leave it out.", shown=shown)
    encoding, skip = _encoding(data)
    text = data[skip:].decode(encoding, "replace")
    if "\0" in text:
        raise TrainyardError(
            "{shown} is {kind} with binary data, not a text. Save it as text in UTF-8.", shown=shown, kind=kind_of(data)
        )
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return Decoded(text, encoding, _problem(text, encoding))


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
        return _legacy(data), 0
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


def _legacy(data: bytes) -> str:
    """Of text that is not UTF-8 throughout: damaged UTF-8, GB 18030, or Western European."""
    first = _HIGH.search(data)
    start = first.start() if first else 0
    sample = data[start : start + _SAMPLE_BYTES]
    high = sum(len(found) for found in _HIGH.findall(sample))
    if 2 * sum(len(found) for found in _UTF8_LETTER.findall(sample)) > high:
        return "utf-8"
    pairs = _GB_PAIR.findall(sample)
    common = sum(1 for pair in pairs if _GB_COMMON.fullmatch(pair))
    return "gb18030" if 10 * common > 9 * len(pairs) else "cp1252"


def _problem(text: str, encoding: str) -> str:
    lost = text.count("\N{REPLACEMENT CHARACTER}")
    if lost:
        return Sentence(
            "{lost:,} characters fit no encoding and were replaced: the file mixes encodings. Save it as UTF-8.",
            lost=lost,
        )
    if encoding == "cp1252":
        return Sentence("The file is not UTF-8; it was read as Western European (Windows-1252). Save it as UTF-8.")
    return ""
