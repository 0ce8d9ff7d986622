"""What a detector is trained on, and how its numbers are boxes: TensorFlow and Keras operations on grids of cells.

For each cell a network says how likely an object of each class has its centre there, and of which box: where its centre is
inside of the cell, and its size, as logarithms of cells. A true object stands in the cell of its centre; beside it the heat of
its class fades as a bell that is as wide and high as the object (Liu et al. 2020, training-time-friendly networks,
https://arxiv.org/abs/1909.00700).
"""

from typing import Any

import numpy as np

CELL = 8
"""Width and height of a cell in pixels."""
SIDES = 16
"""Sides of pictures are multiples of it: networks look at cells of twice the size, too."""
NONE = -1
"""Class of the boxes that fill up those of a batch."""
_SPREAD = 0.09  # deviation of the bell, as a share of the object: 0.54 / 6
_LEAST_SPREAD = 0.35  # in cells
_FAR = 1e9
_LEFT = 0.2  # share of a box that must still be seen
_SIDES_WEIGHT = 2.0


def true_cells(boxes: Any, classes: int, rows: int, columns: int) -> Any:
    """Boxes (batch, most, 5), filled up with `NONE`, -> (batch, rows, columns, classes + 5).

    Heat of each class; left, top, right, bottom of the object whose centre is in the cell, of several the smallest; and
    whether there is one.
    """
    import tensorflow as tf

    boxes = tf.cast(boxes, tf.float32)
    boxes = tf.pad(boxes, [[0, 0], [0, 1], [0, 0]], constant_values=NONE)  # pictures without boxes have one, too
    there = boxes[..., 4] > NONE
    low, high = boxes[..., :2] / CELL, boxes[..., 2:4] / CELL
    centre, size = tf.floor((low + high) / 2), tf.maximum(high - low, 1e-3)
    spread = tf.maximum(_SPREAD * size, _LEAST_SPREAD)
    across = tf.range(columns, dtype=tf.float32) - centre[..., :1]  # (batch, most, columns)
    down = tf.range(rows, dtype=tf.float32) - centre[..., 1:]
    bell_x = tf.exp(-tf.square(across / spread[..., :1]) / 2)
    bell_y = tf.exp(-tf.square(down / spread[..., 1:]) / 2)
    bells = bell_y[..., :, None] * bell_x[..., None, :] * tf.cast(there, tf.float32)[..., None, None]
    heat = tf.stack(
        [tf.reduce_max(tf.where((boxes[..., 4] == k)[..., None, None], bells, 0.0), axis=1) for k in range(classes)], -1
    )
    inside = tf.logical_and((across == 0)[..., None, :], (down == 0)[..., :, None])
    inside = tf.logical_and(inside, there[..., None, None])  # (batch, most, rows, columns)
    area = tf.where(inside, (size[..., 0] * size[..., 1])[..., None, None], _FAR)
    sides = tf.gather(boxes[..., :4], tf.argmin(area, axis=1), batch_dims=1)
    mask = tf.cast(tf.reduce_any(inside, axis=1), tf.float32)[..., None]
    return tf.concat([heat, sides * mask, mask], axis=-1)


def boxes_of_cells(sides: Any) -> Any:
    """(batch, rows, columns, 4) as the network says it -> left, top, right, bottom in pixels."""
    from keras import ops

    rows, columns = sides.shape[1:3]
    places = np.zeros((1, rows, columns, 2), np.float32)
    places[..., 0] = np.arange(columns)[None, None, :] + 0.5
    places[..., 1] = np.arange(rows)[None, :, None] + 0.5
    centre, half = sides[..., :2] + places, ops.exp(ops.clip(sides[..., 2:], -4.0, 5.0)) / 2
    return CELL * ops.concatenate([centre - half, centre + half], axis=-1)


def detection_loss(true: Any, scores: Any) -> Any:
    """`true_cells` and scores (batch, rows, columns, classes + 4) -> loss of each picture (batch,).

    Focal loss of the heat (Zhou et al. 2019), and 1 - generalised intersection over union where an object has its
    centre (Rezatofighi et al. 2019, https://arxiv.org/abs/1902.09630), each for one object. Pictures without objects
    have the first alone.
    """
    from keras import ops

    heat, boxes, mask = true[..., :-5], true[..., -5:-1], true[..., -1]
    objects = ops.maximum(ops.sum(mask, axis=(1, 2)), 1.0)
    likely = ops.log_sigmoid(scores[..., :-4])
    unlikely = ops.log_sigmoid(-scores[..., :-4])
    centre = ops.cast(heat >= 1.0, "float32")
    focal = centre * ops.exp(2 * unlikely) * likely
    focal = focal + (1 - centre) * ops.power(1 - heat, 4) * ops.exp(2 * likely) * unlikely
    apart = (1 - overlap_of(boxes, boxes_of_cells(scores[..., -4:]))) * mask
    return (_SIDES_WEIGHT * ops.sum(apart, axis=(1, 2)) - ops.sum(focal, axis=(1, 2, 3))) / objects


def overlap_of(one: Any, other: Any) -> Any:
    """Generalised intersection over union of boxes (..., 4) and (..., 4): (...), from -1 to 1."""
    from keras import ops

    def area(low: Any, high: Any) -> Any:
        size = ops.maximum(high - low, 0.0)
        return size[..., 0] * size[..., 1]

    shared = area(ops.maximum(one[..., :2], other[..., :2]), ops.minimum(one[..., 2:], other[..., 2:]))
    union = area(one[..., :2], one[..., 2:]) + area(other[..., :2], other[..., 2:]) - shared
    around = area(ops.minimum(one[..., :2], other[..., :2]), ops.maximum(one[..., 2:], other[..., 2:]))
    tiny = 1e-6
    return shared / (union + tiny) - (around - union) / (around + tiny)


def moved_boxes(boxes: Any, transforms: Any, height: int, width: int) -> Any:
    """Boxes (batch, most, 5) after pictures were moved by `transforms` (batch, 3, 3) of places from 0 to 1: the smallest
    around the moved corners, cut at the edges. Those of which less than `_LEFT` is left become `NONE`."""
    import tensorflow as tf

    boxes = tf.cast(boxes, tf.float32)
    scale = tf.constant([width, height, width, height], tf.float32)
    left, top, right, bottom = tf.unstack(boxes[..., :4] / scale, axis=-1)
    corners = tf.stack([tf.stack([x, y, tf.ones_like(x)], 1) for x in (left, right) for y in (top, bottom)], -1)
    turned = tf.einsum("bij,bjmc->bimc", transforms, corners)[:, :2]  # (batch, x and y, most, corners)
    whole = tf.stack(tf.unstack(tf.reduce_min(turned, -1), axis=1) + tf.unstack(tf.reduce_max(turned, -1), axis=1), -1)
    cut = tf.clip_by_value(whole, 0.0, 1.0)
    areas = [tf.reduce_prod(tf.maximum(found[..., 2:] - found[..., :2], 0.0), -1) for found in (whole, cut)]
    kept = tf.logical_and(boxes[..., 4] > NONE, areas[1] > _LEFT * areas[0])
    classes = tf.where(kept, boxes[..., 4], tf.cast(NONE, tf.float32))
    return tf.concat([cut * scale, classes[..., None]], -1)
