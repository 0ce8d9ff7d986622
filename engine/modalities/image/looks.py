"""Appearance of images: small versions, pairs that look alike, PNGs."""

import io

import numpy as np
from PIL import Image

_SIDE = 16  # fields in each direction
_SIGNS = 8  # differences of brightness in each direction: 64 bits
_DIFFERENT_BITS = 4  # of 64, in which near copies may differ
_DIFFERENT_BRIGHTNESS = 4.0  # of 255, on average over 16 x 16 cells
_AT_ONCE = 512


def image_features(images: np.ndarray) -> np.ndarray:
    """(examples, height, width, channels) uint8 -> means of at most 16 x 16 cells, from 0 to 1."""
    return thumbnails(images, _SIDE).reshape(len(images), -1) / 255


def thumbnails(images: np.ndarray, side: int) -> np.ndarray:
    """(examples, height, width, channels) uint8 -> (examples, side, side, channels) float32 means of cells."""
    rows, columns = (
        np.linspace(0, length, min(side, length), endpoint=False).astype(int) for length in images.shape[1:3]
    )
    made = np.empty((len(images), len(rows), len(columns), images.shape[3]), np.float32)
    areas = np.diff([*rows, images.shape[1]])[:, None, None] * np.diff([*columns, images.shape[2]])[None, :, None]
    for index, image in enumerate(images):
        sums = np.add.reduceat(np.add.reduceat(image.astype(np.int64), rows, axis=0), columns, axis=1)
        made[index] = sums / areas
    return made


def near_images(images: np.ndarray) -> list[tuple[int, int]]:
    """(examples, height, width, channels) uint8 -> pairs of positions that look alike.

    Signs of the differences in brightness between neighbouring cells (a "difference hash", N. Krawetz 2013,
    https://www.hackerfactor.com/blog/index.php?/archives/529-Kind-of-Like-That.html) find candidates, which are then
    compared field by field.
    """
    grey = thumbnails(images, 2 * _SIGNS).mean(axis=3)
    if min(grey.shape[1:]) < 2:
        return []
    hashes = _difference_hash(grey)
    pairs = []
    for start in range(0, len(hashes), _AT_ONCE):
        block = hashes[start : start + _AT_ONCE, None] ^ hashes[None, start:]
        for a, b in np.argwhere(np.bitwise_count(block) <= _DIFFERENT_BITS).tolist():
            if a < b and np.abs(grey[start + a] - grey[start + b]).mean() <= _DIFFERENT_BRIGHTNESS:
                pairs.append((start + a, start + b))
    return pairs


def _difference_hash(grey: np.ndarray) -> np.ndarray:
    """(examples, side, side) -> (examples,) uint64: whether each of 64 cells is darker than its right neighbour."""
    rows = np.linspace(0, grey.shape[1] - 1, _SIGNS).round().astype(int)
    columns = np.linspace(0, grey.shape[2] - 1, _SIGNS + 1).round().astype(int)
    small = grey[:, rows][:, :, columns]
    bits = small[:, :, :-1] < small[:, :, 1:]
    return np.packbits(bits.reshape(len(grey), 64), axis=1).view(np.uint64).ravel()


def png(image: np.ndarray) -> bytes:
    """(height, width, 1 or 3) 0..255 -> PNG."""
    buffer = io.BytesIO()
    as_picture(image).save(buffer, format="PNG")
    return buffer.getvalue()


def as_picture(image: np.ndarray) -> Image.Image:
    """(height, width, 1 or 3) 0..255 -> a picture of its own pixels."""
    pixels = np.clip(np.rint(image), 0, 255).astype(np.uint8)
    return Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
