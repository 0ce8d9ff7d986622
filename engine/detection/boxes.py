"""Boxes. Inside of the program a box is left, top, right, bottom in pixels: x to the right, y down, from the corner at the top left."""

from typing import Literal, get_args

import numpy as np

from engine.errors import TrainyardError

Format = Literal["xyxy", "xywh", "relative-cxcywh"]
"""How files write a box: corners (Pascal VOC), corner and size (COCO), centre and size as shares of the picture (YOLO)."""


def to_corners(boxes: np.ndarray, format: Format, width: float, height: float) -> np.ndarray:
    """Boxes (boxes, 4) of a picture as a file has them -> left, top, right, bottom in pixels (boxes, 4)."""
    found = np.asarray(boxes, np.float64).reshape(-1, 4)
    match format:
        case "xyxy":
            return found.copy()
        case "xywh":
            return np.concatenate([found[:, :2], found[:, :2] + found[:, 2:]], axis=1)
        case "relative-cxcywh":
            half = found[:, 2:] / 2
            corners = np.concatenate([found[:, :2] - half, found[:, :2] + half], axis=1)
            return np.asarray(corners * np.array([width, height, width, height]))
    raise TrainyardError(
        "{format!r} is no format of boxes. Choose one of: {formats}.",
        format=format,
        formats=", ".join(get_args(Format)),
    )


def areas(boxes: np.ndarray) -> np.ndarray:
    """Return the area of each of `boxes` (boxes, 4 or more): (boxes,); 0 for one that is turned inside out."""
    return np.asarray(np.prod(np.clip(boxes[:, 2:4] - boxes[:, :2], 0, None), axis=1))


def overlaps(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the intersection over union of all pairs of boxes (a, 4 or more), (b, 4 or more): (a, b), from 0 to 1."""
    one, other = np.asarray(one, np.float64)[:, :4], np.asarray(other, np.float64)[:, :4]
    low = np.maximum(one[:, None, :2], other[None, :, :2])
    high = np.minimum(one[:, None, 2:], other[None, :, 2:])
    shared = np.prod(np.clip(high - low, 0, None), axis=2)
    union = areas(one)[:, None] + areas(other)[None] - shared
    return np.asarray(np.divide(shared, union, out=np.zeros_like(shared), where=union > 0))


def moved(boxes: np.ndarray, transform: np.ndarray) -> np.ndarray:
    """Return the smallest boxes (boxes, 4) around the corners of `boxes` after `transform` (3, 3) of homogeneous pixels."""
    x, y = boxes[:, [0, 2, 0, 2]], boxes[:, [1, 1, 3, 3]]
    places = np.stack([x, y, np.ones_like(x)], axis=1)  # (boxes, 3, corners)
    turned = (transform @ places)[:, :2]
    return np.concatenate([turned.min(axis=2), turned.max(axis=2)], axis=1)
