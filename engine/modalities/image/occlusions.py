"""Squares of a picture, hidden one after the other."""

import numpy as np

from engine.modalities.occlusions import Occlusions, cuts


def hide_squares(image: np.ndarray, most: int) -> Occlusions:
    """(height, width, channels) -> variants in which a square has the picture's median colour, which of a drawing is its ground.

    The square is three times as wide as the step between two: smaller ones often change nothing.
    """
    height, width = image.shape[:2]
    across = max(1, int(most**0.5))
    colour = np.median(image, axis=(0, 1)).astype(image.dtype)
    parts, variants = [], []
    for top, bottom in cuts(height, across):
        for left, right in cuts(width, across):
            hidden = image.copy()
            above, before = max(0, top - (bottom - top)), max(0, left - (right - left))
            hidden[above : bottom + (bottom - top), before : right + (right - left)] = colour
            parts.append({"top": top / height, "left": left / width, "bottom": bottom / height, "right": right / width})
            variants.append(hidden)
    return Occlusions(parts, np.stack(variants))
