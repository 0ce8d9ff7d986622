"""Decoding uploaded images: every kind of image, and everything that only pretends to be one."""

import io
import struct
import subprocess
import sys
import threading
import tracemalloc
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engine.errors import TrainyardError
from engine.readers.images import decode_image, is_small
from engine.settings import settings

RED, WHITE, BLACK = [255, 0, 0], [255, 255, 255], [0, 0, 0]


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    """`image` as a file."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def plain(mode: str = "RGB", size: tuple[int, int] = (40, 30), colour: Any = (255, 0, 0)) -> Image.Image:
    """One colour, (width, height)."""
    return Image.new(mode, size, colour)


def png_header(width: int, height: int) -> bytes:
    """A few bytes that announce a PNG of any size."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(9))) + chunk(b"IEND", b"")


# -- good pictures -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP"])
def test_each_format_is_decoded_in_colour_and_in_grey(kind: str) -> None:
    options = {"lossless": True} if kind == "WEBP" else {}
    data = encoded(plain(), kind, **options)
    colour, grey = decode_image(data, "a", 3), decode_image(data, "a", 1)
    assert colour.shape == (30, 40, 3)
    assert grey.shape == (30, 40, 1)
    assert colour.dtype == grey.dtype == np.uint8
    assert abs(colour[5, 5].astype(int) - RED).max() <= 2
    assert abs(int(grey[5, 5, 0]) - 76) <= 2


def test_the_name_of_a_file_does_not_matter_only_its_bytes() -> None:
    assert decode_image(encoded(plain(), "JPEG"), "photo.png", 3).shape == (30, 40, 3)


def test_a_size_covers_and_cuts_at_the_centre_without_distortion() -> None:
    image = plain(size=(90, 30), colour=(0, 0, 0))
    image.paste((255, 0, 0), (30, 0, 60, 30))
    decoded = decode_image(encoded(image), "a", 3, (10, 10))
    assert decoded.shape == (10, 10, 3)
    assert (decoded[:, 1:-1] == RED).all()


def test_height_comes_before_width() -> None:
    assert decode_image(encoded(plain()), "a", 1, (8, 20)).shape == (8, 20, 1)


def test_small_pictures_are_enlarged() -> None:
    assert decode_image(encoded(plain(size=(2, 2))), "a", 3, (32, 32)).shape == (32, 32, 3)


def test_large_pictures_are_averaged_not_thinned_out() -> None:
    stripes = np.zeros((1000, 1000), np.uint8)
    stripes[:, ::2] = 255
    decoded = decode_image(encoded(Image.fromarray(stripes)), "a", 1, (10, 10))
    assert abs(decoded.astype(int) - 127).max() <= 2


@pytest.mark.parametrize(("ground", "shown"), [("white", WHITE), ("black", BLACK)])
def test_transparent_parts_show_the_ground(ground: Any, shown: list[int]) -> None:
    image = plain("RGBA", colour=(255, 0, 0, 0))
    image.paste((255, 0, 0, 255), (0, 0, 20, 30))
    decoded = decode_image(encoded(image), "a", 3, ground=ground)
    assert decoded[0, 0].tolist() == RED
    assert decoded[0, 39].tolist() == shown


def test_a_palette_with_a_transparent_colour_shows_the_ground() -> None:
    image = Image.new("P", (4, 4), 1)
    image.putpalette([255, 0, 0, 0, 255, 0])
    assert decode_image(encoded(image, "GIF", transparency=1), "a", 3)[0, 0].tolist() == WHITE
    assert decode_image(encoded(image, "PNG", transparency=1), "a", 3)[0, 0].tolist() == WHITE


@pytest.mark.parametrize(
    ("mode", "colour", "shown"),
    [("1", 1, 255), ("L", 90, 90), ("LA", (90, 255), 90), ("I;16", 90 * 256, 90)],
)
def test_grey_of_any_depth_keeps_its_brightness(mode: str, colour: Any, shown: int) -> None:
    assert decode_image(encoded(plain(mode, colour=colour)), "a", 1)[0, 0, 0] == shown


def test_print_colours_become_screen_colours() -> None:
    decoded = decode_image(encoded(plain("CMYK", colour=(0, 255, 255, 0)), "JPEG"), "a", 3)
    assert abs(decoded[0, 0].astype(int) - RED).max() <= 2


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize("size", [None, (300, 200)])
def test_a_photo_taken_sideways_is_turned_upright(kind: str, size: tuple[int, int] | None) -> None:
    image = plain(size=(600, 400), colour=(0, 0, 0))
    image.paste((255, 0, 0), (0, 0, 300, 400))  # the left half, which is the upper one after the turn
    exif = Image.Exif()
    exif[0x0112] = 6
    decoded = decode_image(encoded(image, kind, exif=exif), "a", 3, size)
    height, width = decoded.shape[:2]
    assert (height, width) == (size or (600, 400))
    assert decoded[height // 4, width // 2, 0] > 240
    assert decoded[3 * height // 4, width // 2, 0] < 15


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_the_first_frame_of_an_animation_is_taken(kind: str) -> None:
    frames = [plain(colour=(0, 0, 255))] * 3
    data = encoded(plain(), kind, save_all=True, append_images=frames)
    assert abs(decode_image(data, "a", 3)[0, 0].astype(int) - RED).max() <= 2


def test_threads_may_decode_at_once() -> None:
    data, shapes = encoded(plain()), []
    threads = [threading.Thread(target=lambda: shapes.append(decode_image(data, "a", 3).shape)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert shapes == [(30, 40, 3)] * 8


# -- sixteen bits a sample ---------------------------------------------------------------------------------------------


def deep(values: Any, **chunks: bytes) -> bytes:
    """A PNG of 16 bits a sample of (height, width, channels), which Pillow itself cannot write in colour."""
    array = np.asarray(values, ">u2")
    height, width, channels = array.shape
    rows = b"".join(b"\0" + row.tobytes() for row in array)
    parts = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, {1: 0, 2: 4, 3: 2, 4: 6}[channels], 0, 0, 0))]
    parts += [(name.encode(), data) for name, data in chunks.items()]
    parts += [(b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    packed = [struct.pack(">I", len(d)) + n + d + struct.pack(">I", zlib.crc32(n + d)) for n, d in parts]
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
def test_a_deep_picture_looks_like_its_twin_of_eight_bits(bits: int, channels: int) -> None:
    rng = np.random.default_rng(bits)
    shallow = rng.integers(0, 256, (9, 7, channels), np.uint8)
    shallow[0] = 255
    mode = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[channels]
    twin = encoded(Image.fromarray(shallow[..., 0] if channels == 1 else shallow, mode))
    wide = shallow.astype(np.uint16) << (bits - 8)
    assert decode_image(deep(wide), "a", 3).tolist() == decode_image(twin, "a", 3).tolist()


def test_a_deep_picture_is_turned_as_its_exif_says() -> None:
    ramp = (np.arange(24 * 16, dtype=np.uint16) * 170).reshape(24, 16, 1)
    sideways = Image.Exif()
    sideways[0x0112] = 6
    found = decode_image(deep(ramp, eXIf=sideways.tobytes()[6:]), "a", 1)
    assert found.shape == (16, 24, 1)
    assert found[..., 0].tolist() == np.rot90(ramp[..., 0] >> 8, -1).tolist()


@pytest.mark.parametrize("channels", [1, 3])
def test_the_transparent_colour_of_a_deep_picture_is_exact(channels: int) -> None:
    values = np.full((2, 2, channels), 30_001, np.uint16)
    values[0, 0] = 30_002  # the same upper eight bits
    clear = np.full(channels, 30_002, ">u2").tobytes()
    found = decode_image(deep(values, tRNS=clear), "a", 1)
    assert found[..., 0].tolist() == [[255, 117], [117, 117]]


# -- hostile bytes -----------------------------------------------------------------------------------------------------


def zipped() -> bytes:
    """A small zip."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.png", "x")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", r"'cat\.png' is empty \(0 bytes\)"),
        (b"just some words\n", "is text, not a readable image. Use PNG, JPEG, WebP, GIF or BMP"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "is an SVG drawing, not a readable image"),
        (b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- a --><svg/>", "is an SVG drawing, not a readable image"),
        (struct.pack(">I", 24) + b"ftypheic\0\0\0\0mif1heic", "is a HEIC photo, not a readable image"),
        (struct.pack(">I", 24) + b"ftypisom\0\0\2\0isommp41", "is an MP4 file .*, not a readable image"),
        (zipped(), "is a zip archive, not a readable image"),
        (b"%PDF-1.7\n\xff", "is a PDF document, not a readable image"),
        (bytes(range(256)), "is of an unknown format, not a readable image"),
        (
            encoded(plain(), "TIFF"),
            "is a TIFF image, not a readable image",
        ),  # a wide attack surface, never needed
        (encoded(plain(), "ICO"), "is of an unknown format, not a readable image"),
        (encoded(plain(size=(400, 400)))[:300], "is a broken or incomplete image"),
        (encoded(plain(size=(400, 400)), "JPEG")[:700], "is a broken or incomplete image"),
        (encoded(plain())[:20], "'cat.png' is "),
        (png_header(20_000, 20_000), "has more than 40,000,000 pixels"),
        (png_header(2**31 - 1, 2**31 - 1), "has more than 40,000,000 pixels"),
        (png_header(10_000, 10_000), "has more than 40,000,000 pixels"),  # where Pillow itself only warns
        (png_header(40_000_001, 1), "has more than 40,000,000 pixels"),
        (png_header(0, 5), "'cat.png' is "),
        (bytes(32_000_001), "has 32 MB; an image may have 32 MB"),
    ],
)
def test_what_is_no_usable_image_is_a_sentence(data: bytes, sentence: str) -> None:
    with pytest.raises(TrainyardError, match=sentence):
        decode_image(data, "cat.png", 3, (32, 32))


def with_chunk(kind: bytes, content: bytes) -> bytes:
    """A good PNG with one more chunk before its pixels."""
    data = encoded(plain())
    pixels, chunk = data.index(b"IDAT") - 4, kind + content
    return (
        data[:pixels] + struct.pack(">I", len(content)) + chunk + struct.pack(">I", zlib.crc32(chunk)) + data[pixels:]
    )


def with_segment(kind: int, content: bytes) -> bytes:
    """A good JPEG with one more segment at its beginning."""
    data = encoded(plain(), "JPEG")
    return data[:2] + struct.pack(">BBH", 0xFF, kind, len(content) + 2) + content + data[2:]


def webp_with_exif(content: bytes) -> bytes:
    """A good WebP with any EXIF."""
    return encoded(plain(), "WEBP", exif=content)


@pytest.mark.parametrize(
    "exif",
    [
        b"no exif at all",
        b"II*\0\x08\0\0\0\xff\xff",  # more entries than there are bytes
        b"II*\0\x08\0\0\0\x01\0\x12\x01\x02\0\x04\0\0\0abc\0\0\0\0\0",  # a turn in words
        b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x63\0\0\0\0\0\0\0",  # the 99th kind of turn
        b"II*\0\x08\0\0\0\x01\0\x69\x87\x04\0\x01\0\0\0\x08\0\0\0\0\0\0\0",  # a list that holds itself
        b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\xff\xff\xff\xff\0\0\0\0",  # four billion turns
    ],
)
@pytest.mark.filterwarnings("ignore:.*:UserWarning:PIL")  # Pillow tells them to its log, too
def test_a_picture_whose_exif_is_broken_stays_as_it_lies(exif: bytes) -> None:
    for data in (with_segment(0xE1, b"Exif\0\0" + exif), with_chunk(b"eXIf", exif), webp_with_exif(exif)):
        assert decode_image(data, "photo", 3).shape == (30, 40, 3)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_colour_profile_that_is_none_is_not_looked_at(kind: str) -> None:
    data = encoded(plain(), kind, icc_profile=b"no profile at all" * 9)
    assert abs(decode_image(data, "photo", 3)[5, 5].astype(int) - RED).max() <= 2


@pytest.mark.parametrize("kind", [b"iCCP", b"zTXt", b"iTXt"])
def test_what_comments_and_profiles_unpack_to_is_bounded(kind: bytes) -> None:
    between = {b"iCCP": b"\0", b"zTXt": b"\0", b"iTXt": b"\1\0\0\0"}[kind]
    bomb = with_chunk(kind, b"name\0" + between + zlib.compress(bytes(100_000_000)))
    assert len(bomb) < 200_000
    tracemalloc.start()
    with pytest.raises(TrainyardError, match=r"'cat\.png' is a broken or incomplete image"):
        decode_image(bomb, "cat.png", 3)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20_000_000


@pytest.mark.parametrize("kind", ["WEBP", "GIF", "BMP", "JPEG"])
def test_too_many_pixels_are_refused_in_every_format_before_they_are_decoded(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAINYARD_MAX_IMAGE_PIXELS", "1199")
    settings.cache_clear()
    try:
        with pytest.raises(TrainyardError, match=r"more than 1,199 pixels \(TRAINYARD_MAX_IMAGE_PIXELS\)"):
            decode_image(encoded(plain(), kind), "cat.png", 3)
    finally:
        monkeypatch.undo()
        settings.cache_clear()


def test_a_first_frame_larger_than_its_animation_counts() -> None:
    data = bytearray(encoded(plain("P", (4, 4), 1), "GIF"))
    frame = data.index(b",")
    data[frame + 5 : frame + 9] = struct.pack("<HH", 60_000, 60_000)
    with pytest.raises(TrainyardError, match="has more than 40,000,000 pixels"):
        decode_image(bytes(data), "cat.gif", 3)


def repainted(times: int) -> bytes:
    """A progressive JPEG whose last scan comes as often again: a few bytes, and all pixels are gone through anew."""
    data = encoded(plain("L", (64, 64), 128), "JPEG", progressive=True)
    return data[:-2] + data[data.rindex(b"\xff\xda") : -2] * times + data[-2:]


def test_a_jpeg_that_is_painted_over_and_over_is_refused() -> None:
    """A megabyte of such scans over the most pixels that are allowed takes ten minutes."""
    assert decode_image(repainted(20), "cat.jpg", 1).shape == (64, 64, 1)
    with pytest.raises(TrainyardError, match=r"'cat\.jpg' is a JPEG with more than 100 scans"):
        decode_image(repainted(100), "cat.jpg", 1)


def test_what_looks_like_scans_beside_the_picture_does_not_count() -> None:
    """Cameras put thumbnails into segments, and videos behind the end."""
    marks = b"\xff\xda\0\x02" * 1_000
    assert decode_image(with_segment(0xE2, marks), "photo.jpg", 3).shape == (30, 40, 3)
    assert decode_image(encoded(plain(), "JPEG") + marks, "photo.jpg", 3).shape == (30, 40, 3)


def test_a_size_that_lies_about_the_data_is_found_out() -> None:
    with pytest.raises(TrainyardError, match="is a broken or incomplete image"):
        decode_image(png_header(1000, 1000), "cat.png", 3)


def test_names_in_sentences_are_short_and_escaped() -> None:
    with pytest.raises(TrainyardError) as caught:
        decode_image(b"", "x" * 1000 + "\n\x1b[31m<script>", 3)
    assert len(str(caught.value)) < 200
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP"])
def test_damaged_files_never_raise_anything_else(kind: str) -> None:
    rng = np.random.default_rng(0)
    whole = np.frombuffer(encoded(Image.fromarray(rng.integers(0, 256, (24, 24, 3), np.uint8)), kind), np.uint8)
    decoded = 0
    for _ in range(150):
        damaged = whole.copy()
        places = rng.integers(0, len(whole), rng.integers(1, 8))
        damaged[places] = rng.integers(0, 256, len(places))
        try:
            decode_image(damaged[: rng.integers(1, len(whole) + 1)].tobytes(), "a", 3, (16, 16))
            decoded += 1
        except TrainyardError:
            pass
    assert decoded < 150


@pytest.mark.parametrize("width", [8_000, 20_000])
def test_memory_is_bounded_by_the_limit_of_pixels(width: int, tmp_path: Path) -> None:
    """The largest image that is allowed, and one that is refused, each in a process whose peak can be read."""
    with (tmp_path / "large.png").open("wb") as file:
        Image.new("L" if width > 8_000 else "RGB", (width, 5_000 if width == 8_000 else width)).save(file, "PNG")
    script = f"""
import resource
from engine.readers.images import decode_image, is_small
from engine.errors import TrainyardError
data = open({str(tmp_path / "large.png")!r}, "rb").read()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    print(decode_image(data, "large.png", 3, (32, 32)).shape)
except TrainyardError as error:
    print(error)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    said, megabytes = done.stdout.splitlines()
    assert said == "(32, 32, 3)" if width == 8_000 else "was not decoded" in said
    assert int(megabytes) < (250 if width == 8_000 else 5)


def test_a_picture_is_small_by_its_header_however_few_bytes_it_has() -> None:
    small, bomb = (encoded(Image.new("1", (side, side))) for side in (28, 4000))
    assert len(bomb) < 20_000
    assert is_small(small)
    assert not any(is_small(data) for data in (bomb, small[:20], b"", b"PK\3\4" + bytes(50)))
