"""Pictures of 16 bits a sample as pictures of 8, without losing what cameras of 10, 12 or 14 bits have written.

Such a file does not say how much of the 16 bits is used. The largest value does: where it is below 4,096, the picture
has 12 bits. Each picture is converted alone, so that it is the same in a dataset and in a prediction.
"""

import zlib
from io import BytesIO

import numpy as np
from PIL import Image, ImageChops, ImageFile

_DEPTHS = (8, 10, 12, 14, 16)
_COLOUR_ALPHA = 6  # of PNG
_HEADER = slice(12, 29)  # of PNG: the name of its first chunk, and what is in it


def deep_mode(image: ImageFile.ImageFile) -> str:
    """L, LA, RGB or RGBA of an opened picture, not yet loaded, of 16 bits a sample, else "": Pillow itself drops bits."""
    packed = [str(tile.args) for tile in image.tile if str(tile.args).endswith(";16B")]
    return packed[0].removesuffix(";16B").replace("I", "L") if packed and image.format == "PNG" else ""


def eight_bits(image: Image.Image, data: bytes, mode: str) -> Image.Image:
    """A loaded picture of 16 bits as one of 8, of the same `mode`, with its EXIF; `data` are the bytes of its file."""
    halves = _halves(image, data, mode)
    colours = len(mode.replace("A", ""))
    found = Image.merge(mode, _scaled(halves[:colours]) + _scaled(halves[colours:]))
    if (clear := image.info.get("transparency")) is not None and "A" not in mode:
        found.putalpha(_opaque(halves, clear if isinstance(clear, tuple) else (clear,)))
    found.info["exif"] = image.info.get("exif", b"")
    return found


Half = tuple[Image.Image, Image.Image]  # upper and lower eight bits of a band


def _halves(image: Image.Image, data: bytes, mode: str) -> list[Half]:
    if mode == "L":
        values = np.asarray(image)
        return [(Image.fromarray((values >> 8).astype(np.uint8)), Image.fromarray((values & 255).astype(np.uint8)))]
    if mode == "LA":
        bands = Image.open(BytesIO(_as_bytes(data)), formats=["PNG"]).split()
        return [(bands[0], bands[1]), (bands[2], bands[3])]
    with Image.open(BytesIO(data), formats=["PNG"]) as lower:
        lower.tile = [tile._replace(args=str(tile.args).replace("16B", "16L")) for tile in lower.tile]
        return list(zip(image.split(), lower.split(), strict=True))


def _as_bytes(data: bytes) -> bytes:
    """A PNG of grey and alpha in 16 bits, called one of red, green, blue and alpha in 8: its bytes lie alike."""
    header = bytearray(data[_HEADER])
    header[12], header[13] = 8, _COLOUR_ALPHA
    return data[:12] + header + zlib.crc32(header).to_bytes(4, "big") + data[33:]


def _scaled(bands: list[Half]) -> list[Image.Image]:
    """Bands that belong together, scaled as the largest of their values needs."""
    most = max((_largest(*half) for half in bands), default=0)
    depth = next(depth for depth in _DEPTHS if most >> depth == 0)
    up, down = 16 - depth, depth - 8
    return [
        ImageChops.add(
            upper.point([min(255, value << up) for value in range(256)]),
            lower.point([value >> down for value in range(256)]),
        )
        for upper, lower in bands
    ]


def _largest(upper: Image.Image, lower: Image.Image) -> int:
    """The largest value; exact where it matters, which is where nothing is in the upper half."""
    high = int(np.asarray(upper).max())
    return high << 8 | 255 if high else int(np.asarray(lower).max())


def _opaque(halves: list[Half], clear: tuple[int, ...]) -> Image.Image:
    """The alpha of a picture in which one colour is transparent."""
    same = np.ones(halves[0][0].size[::-1], bool)
    for (upper, lower), value in zip(halves, clear, strict=True):
        same &= (np.asarray(upper) == value >> 8) & (np.asarray(lower) == value & 255)
    return Image.fromarray(np.where(same, 0, 255).astype(np.uint8))
