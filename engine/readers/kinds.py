"""What bytes are, as far as their beginning tells: for the sentences that refuse a file."""

ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06")
"""How zips begin, with files in them and without."""
_STARTS = (  # as long as they need be: a table may well begin with the letters "PK" or "ID3"
    (ZIP_STARTS[0], "a zip archive"),
    (ZIP_STARTS[1], "an empty zip archive"),
    (b"%PDF-", "a PDF document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!\x1a", "a RAR archive"),
    (b"\xd0\xcf\x11\xe0", "an old Excel or Word document"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"\x89HDF", "an HDF5 file"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF87a", "a GIF image"),
    (b"GIF89a", "a GIF image"),
    (b"fLaC", "a FLAC sound"),
    (b"ID3\x03", "an MP3 sound"),
    (b"ID3\x04", "an MP3 sound"),
    (b"OggS\0", "an Ogg file"),
    (b"II*\0", "a TIFF image"),
    (b"MM\0*", "a TIFF image"),
    (b"#!AMR", "an AMR sound"),
    (b"\x1aE\xdf\xa3", "a WebM or Matroska video"),
)
_INSIDE = {b"WAVE": "a WAV sound", b"AVI ": "an AVI video", b"WEBP": "a WebP image", b"AIFF": "an AIFF sound"}
_PHOTOS = {b"heic": "a HEIC photo", b"heix": "a HEIC photo", b"mif1": "a HEIF photo", b"avif": "an AVIF image"}
_BEFORE_SVG = (b"<svg", b"<?xml", b"<!--", b"<!DOCTYPE svg")


def kind_of(data: bytes) -> str:
    """A phrase such as "a zip archive", "text" or "of an unknown format" that fits after "is"."""
    if data[:1] == b"\0" and data[4:8] == b"ftyp":
        return _PHOTOS.get(data[8:12], "an MP4 file (a video, or sound as M4A)")
    if data[:200].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(_BEFORE_SVG) and b"<svg" in data[:2_000]:
        return "an SVG drawing"
    if data[:4] == b"PAR1" == data[-4:]:
        return "a Parquet table"
    if data[:4] in (b"RIFF", b"FORM") and data[8:12] in _INSIDE:
        return _INSIDE[data[8:12]]
    known = next((kind for start, kind in _STARTS if data.startswith(start)), None)
    if known:
        return known
    return "text" if all(byte >= 32 or byte in b"\t\r\n" for byte in data[:200]) else "of an unknown format"
