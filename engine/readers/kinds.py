"""File kinds recognised by their first bytes, for the sentences that refuse a file, and the names of tables."""

from engine.sentences import Sentence

TABLE_ENDINGS = (".csv", ".tsv", ".tab", ".json", ".jsonl", ".ndjson", ".parquet", ".tmx")
"""Name endings of the tables that are read."""
ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06")
"""First bytes of zips, with files in them and without."""
_STARTS = (  # as long as they need be: a table may well begin with the letters "PK" or "ID3"
    (ZIP_STARTS[0], Sentence("a zip archive")),
    (ZIP_STARTS[1], Sentence("an empty zip archive")),
    (b"%PDF-", Sentence("a PDF document")),
    (b"\x1f\x8b", Sentence("a gzip archive")),
    (b"7z\xbc\xaf\x27\x1c", Sentence("a 7-Zip archive")),
    (b"Rar!\x1a", Sentence("a RAR archive")),
    (b"\xd0\xcf\x11\xe0", Sentence("an old Excel or Word document")),
    (b"SQLite format 3\0", Sentence("an SQLite database")),
    (b"\x89HDF", Sentence("an HDF5 file")),
    (b"\x93NUMPY", Sentence("a NumPy array")),
    (b"\x89PNG", Sentence("a PNG image")),
    (b"\xff\xd8\xff", Sentence("a JPEG image")),
    (b"GIF87a", Sentence("a GIF image")),
    (b"GIF89a", Sentence("a GIF image")),
    (b"fLaC", Sentence("a FLAC audio file")),
    (b"ID3\x03", Sentence("an MP3 audio file")),
    (b"ID3\x04", Sentence("an MP3 audio file")),
    (b"OggS\0", Sentence("an Ogg file")),
    (b"II*\0", Sentence("a TIFF image")),
    (b"MM\0*", Sentence("a TIFF image")),
    (b"#!AMR", Sentence("an AMR audio file")),
    (b"\x1aE\xdf\xa3", Sentence("a WebM or Matroska video")),
)
_INSIDE = {
    b"WAVE": Sentence("a WAV audio file"),
    b"AVI ": Sentence("an AVI video"),
    b"WEBP": Sentence("a WebP image"),
    b"AIFF": Sentence("an AIFF audio file"),
}
_PHOTOS = {
    b"heic": Sentence("a HEIC photo"),
    b"heix": Sentence("a HEIC photo"),
    b"mif1": Sentence("a HEIF photo"),
    b"avif": Sentence("an AVIF image"),
}
_TEXT, _UNKNOWN = Sentence("text"), Sentence("of an unknown format")
PLAIN = (_TEXT, _UNKNOWN)
"""Answer of `kind_of` for files that may be any kind of text, such as tables."""
_BEFORE_SVG = (b"<svg", b"<?xml", b"<!--", b"<!DOCTYPE svg")


def kind_of(data: bytes) -> Sentence:
    """A phrase such as "a zip archive", "text" or "of an unknown format" that fits after "is"."""
    if data[:1] == b"\0" and data[4:8] == b"ftyp":
        return _PHOTOS.get(data[8:12], Sentence("an MP4 file (a video, or audio as M4A)"))
    if data[:200].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(_BEFORE_SVG) and b"<svg" in data[:2_000]:
        return Sentence("an SVG drawing")
    if data[:4] == b"PAR1" == data[-4:]:
        return Sentence("a Parquet table")
    if data[:4] in (b"RIFF", b"FORM") and data[8:12] in _INSIDE:
        return _INSIDE[data[8:12]]
    known = next((kind for start, kind in _STARTS if data.startswith(start)), None)
    if known:
        return known
    return _TEXT if all(byte >= 32 or byte in b"\t\r\n" for byte in data[:200]) else _UNKNOWN
