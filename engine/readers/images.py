"""Pictures of unknown origin to arrays: every image that somebody uploads comes in through here.

Whatever the bytes are, the result is an array or a `TrainyardError` with a sentence, in bounded memory. Only PNG, JPEG,
WebP, GIF and BMP are tried. Of an animation the first frame is taken, as picture programs do in their previews.
"""

import logging
import re
import struct
import threading
from io import BytesIO
from typing import Literal

import numpy as np
from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError

from engine.errors import TrainyardError
from engine.readers.deep_pixels import deep_mode, eight_bits
from engine.readers.kinds import kind_of
from engine.sentences import Sentence
from engine.settings import settings

ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp")
"""File name endings of images."""
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
"""Formats tried, whatever the name of the file says."""

SMALL_PIXELS = 1 << 18
"""Pixels that are decoded within milliseconds."""

Ground = Literal["white", "black"]

_one_at_a_time = threading.Lock()  # so that the memory of decoding does not grow with the number of visitors
_log = logging.getLogger(__name__)
_TAKES = "PNG, JPEG, WebP, GIF or BMP"
_JPEG_MARKER = re.compile(rb"\xff[\x02-\xcf\xd8-\xfe]")
_ORIENTATION = 0x0112
_BROKEN_EXIF = (SyntaxError, ValueError, TypeError, AttributeError, LookupError, ArithmeticError, OSError, struct.error)
_SCAN, _END, _NO_LENGTH = 0xDA, 0xD9, (0xD8, 0xD9)


def decode_image(
    data: bytes,
    name: str,
    channels: Literal[1, 3],
    size: tuple[int, int] | None = None,
    ground: Ground = "white",
) -> np.ndarray:
    """Decode one image to (height, width, channels) uint8.

    `size` (height, width): scaled until it covers that, then cut at the centre, so that nothing is distorted; None
    keeps the size it has. EXIF orientation is applied; transparent parts show `ground`. `name` is for the sentence
    of the `TrainyardError` that broken, foreign and too large images raise.
    """
    image = read_image(data, name, size, ground).convert("L" if channels == 1 else "RGB")
    if size is not None:
        image = ImageOps.fit(image, (size[1], size[0]), Image.Resampling.BICUBIC)
    array = np.array(image)
    return array[..., None] if channels == 1 else array


def read_image(data: bytes, name: str, cover: tuple[int, int] | None = None, ground: Ground = "white") -> Image.Image:
    """An upright "L" or "RGB" image without transparency; one much larger than `cover` (height, width) comes reduced."""
    shown = repr(name[-80:])
    if len(data) > settings().max_image_mb * 1_000_000:
        raise TrainyardError(
            "{shown} has {data:,.0f} MB; an image may have {max_image_mb} MB (TRAINYARD_MAX_IMAGE_MB). Save "
            "it smaller.",
            shown=shown,
            data=len(data) / 1e6,
            max_image_mb=settings().max_image_mb,
        )
    if not data:
        raise TrainyardError("{shown} is empty (0 bytes). Copy the file again, or leave it out.", shown=shown)
    try:
        with _one_at_a_time, Image.open(BytesIO(data), formats=FORMATS) as image:
            _check_pixels(image.width * image.height, shown)
            if data.startswith(b"\xff\xd8"):  # Pillow calls some of them MPO
                _check_scans(data, shown)
            return _flatten(image, data, cover, ground)
    except TrainyardError:
        raise
    except UnidentifiedImageError as error:
        raise TrainyardError(
            "{shown} is {kind}, not a readable image. Use {takes}.",
            shown=shown,
            kind=kind_of(data),
            takes=_TAKES,
        ) from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise TrainyardError(_too_large(shown)) from error
    except Exception as error:  # on broken bytes the decoders raise nearly anything
        _log.info("Cannot decode %s", shown, exc_info=True)
        raise TrainyardError(
            "{shown} is a broken or incomplete image ({error}). Save it again in an image editor, or leave it out.",
            shown=shown,
            error=error,
        ) from error


def lies(data: bytes, name: str) -> tuple[tuple[int, int], int]:
    """Return width and height of an image as it lies in its file, and how it must be turned: the orientation of its EXIF, 1 where
    it is upright. The pixels are not read."""
    try:
        with Image.open(BytesIO(data), formats=FORMATS) as image:
            size = image.size
            try:
                orientation = int(image.getexif().get(_ORIENTATION, 1))
            except _BROKEN_EXIF:  # `_upright` leaves such an image as it lies, too
                orientation = 1
    except Exception as error:  # on broken bytes the decoders raise nearly anything
        raise TrainyardError(
            "{name!r} is a broken or incomplete image ({error}).", name=name[-80:], error=error
        ) from error
    return size, orientation if orientation in range(1, 9) else 1


def upright_transform(size: tuple[int, int], orientation: int) -> np.ndarray:
    """Return (3, 3): places (x, y, 1) in an image of `size` as it lies -> in the upright one, by the orientation of its EXIF."""
    width, height = size
    rows = {
        1: ([1, 0, 0], [0, 1, 0]),
        2: ([-1, 0, width], [0, 1, 0]),
        3: ([-1, 0, width], [0, -1, height]),
        4: ([1, 0, 0], [0, -1, height]),
        5: ([0, 1, 0], [1, 0, 0]),
        6: ([0, -1, height], [1, 0, 0]),
        7: ([0, -1, height], [-1, 0, width]),
        8: ([0, 1, 0], [-1, 0, width]),
    }[orientation]
    return np.array([*rows, [0, 0, 1]], np.float64)


def is_small(data: bytes) -> bool:
    """Whether the header promises at most `SMALL_PIXELS`; the pixels themselves are not read."""
    try:
        with Image.open(BytesIO(data), formats=FORMATS) as image:
            return image.width * image.height <= SMALL_PIXELS
    except Exception:  # noqa: BLE001  # on broken bytes the decoders raise nearly anything; reading it says what is wrong
        return False


def _flatten(image: ImageFile.ImageFile, data: bytes, cover: tuple[int, int] | None, ground: Ground) -> Image.Image:
    """Decode, and get rid of depth, palette, size, turn and transparency, in the order that needs least memory."""
    if cover is not None and image.format == "JPEG":  # the decoder itself can leave out detail
        image.draft(None, (2 * max(cover), 2 * max(cover)))
    deep = deep_mode(image)
    image.load()
    plain = _plain_mode(eight_bits(image, data, deep) if deep else image)
    if cover is not None:
        factor = min(plain.size) // (2 * max(cover))
        plain = plain.reduce(factor) if factor > 1 else plain
    plain = _upright(plain)
    if plain.mode == "RGBA":
        plain = Image.alpha_composite(Image.new("RGBA", plain.size, ground), plain).convert("RGB")
    return plain.copy() if plain is image else plain


def _upright(image: Image.Image) -> Image.Image:
    """Turned as its EXIF says; where that is broken the picture stays as it lies, since its pixels are good."""
    try:
        return ImageOps.exif_transpose(image)
    except _BROKEN_EXIF:
        _log.info("Cannot read the EXIF of an image", exc_info=True)
        return image


def _plain_mode(image: Image.Image) -> Image.Image:
    """L, RGB or RGBA."""
    mode = "RGBA" if image.has_transparency_data else "L" if image.mode in ("1", "L") else "RGB"
    return image if image.mode == mode else image.convert(mode)  # convert always copies


def _check_pixels(pixels: int, shown: str) -> None:
    if pixels > settings().max_image_pixels:
        raise TrainyardError(_too_large(shown))


def _check_scans(data: bytes, shown: str) -> None:
    """Refuse a JPEG that is painted over and over: sixty bytes more have the decoder go through all pixels again."""
    scans, position, most = 0, 0, settings().max_image_scans
    while (found := _JPEG_MARKER.search(data, position)) and data[found.start() + 1] != _END:
        position, marker = found.end(), data[found.start() + 1]
        if marker not in _NO_LENGTH:  # what is inside of a segment is no marker: cameras put whole JPEGs there
            position += int.from_bytes(data[position : position + 2], "big")
        scans += marker == _SCAN
        if scans > most:
            raise TrainyardError(
                "{shown} is a JPEG with more than {most} scans (TRAINYARD_MAX_IMAGE_SCANS), which no "
                "ordinary program writes. Save it again in an image editor, or leave it out.",
                shown=shown,
                most=most,
            )


def _too_large(shown: str) -> Sentence:
    return Sentence(
        "{shown} has more than {max_image_pixels:,} pixels (TRAINYARD_MAX_IMAGE_PIXELS); it was not "
        "decoded. Save it smaller.",
        shown=shown,
        max_image_pixels=settings().max_image_pixels,
    )
