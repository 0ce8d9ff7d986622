"""How the images of a dataset are drawn: light or dark, and with how wide a stroke. For a pen that suits them."""

from dataclasses import dataclass
from math import pi

import numpy as np

_FAR = 0.5  # of the largest distance from the ground: beyond it a pixel is of a stroke
_EDGES_OF_A_SLOPE = 4 / pi  # a line at any angle has so many edges of pixels for its length, on average
_THINNEST, _WIDEST = 0.03, 0.15  # shares of the height


@dataclass(frozen=True)
class Strokes:
    """Facts about a sample of images."""

    brightness: float
    """Mean brightness from 0, black, to 1, white."""
    light: bool
    """Whether strokes are lighter than the ground."""
    width: float
    """Width of a typical stroke, as a share of the height of an image."""


def find_strokes(images: np.ndarray) -> Strokes:
    """(examples, height, width, channels) uint8 -> how they are drawn; the ground is what lies at their borders.

    A long stroke of width w and length l has the area w l and the perimeter 2 l, so w is twice the area over the
    perimeter; the median over all images counts.
    """
    grey = images.mean(axis=3) / 255
    border = np.concatenate([grey[:, 0], grey[:, -1], grey[:, :, 0], grey[:, :, -1]], axis=1)
    ground = float(np.median(border))
    far = np.abs(grey - ground)
    drawn = np.pad(far > _FAR * far.max(), ((0, 0), (1, 1), (1, 1)))
    area = drawn.sum(axis=(1, 2))
    edges = sum(np.diff(drawn.astype(np.int8), axis=axis).astype(bool).sum(axis=(1, 2)) for axis in (1, 2))
    some = area > 0
    widths = 2 * area[some] / (edges[some] / _EDGES_OF_A_SLOPE)
    share = float(np.median(widths)) / grey.shape[1] if some.any() else _THINNEST
    light = bool(grey.mean() > ground)
    return Strokes(float(grey.mean()), light, min(max(share, _THINNEST), _WIDEST))


def inversion_suits(brightness: float, strokes: Strokes) -> bool:
    """Return whether an image of this mean brightness, from 0 to 1, is nearer to the training images when it is inverted."""
    return abs(1 - brightness - strokes.brightness) < abs(brightness - strokes.brightness)
