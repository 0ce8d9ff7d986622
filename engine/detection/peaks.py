"""From what a network says of each cell to boxes: peaks of the heat map, and of boxes that overlap the likeliest."""

import numpy as np

from engine.detection.boxes import overlaps

COLUMNS = 6
"""Numbers of one found box: left, top, right, bottom in pixels, index of the class, probability."""


def find_boxes(cells: np.ndarray, threshold: float, overlap: float, most: int) -> np.ndarray:
    """Cells (rows, columns, classes + 4), probabilities and the box that has its centre there, -> (boxes, 6), the likeliest first.

    A cell counts where none of its eight neighbours is likelier for the same class (Zhou et al. 2019). Of boxes of one class
    that overlap by more than `overlap` (intersection over union) only the likeliest stays.
    """
    heat, boxes = cells[..., :-4], cells[..., -4:]
    rows, columns, classes = np.nonzero((heat >= threshold) & (heat >= _neighbourhood(heat)))
    found = np.concatenate(
        [boxes[rows, columns], classes[:, None], heat[rows, columns, classes][:, None]], axis=1, dtype=np.float32
    )
    found = found[np.argsort(-found[:, 5], kind="stable")]
    found = found[(found[:, 2] > found[:, 0]) & (found[:, 3] > found[:, 1])]
    return suppress(found[: 10 * most], overlap)[:most]


def suppress(found: np.ndarray, overlap: float, *, across: bool = False) -> np.ndarray:
    """Leave out boxes (boxes, 6), the likeliest first, that overlap a likelier one of the same class, or of any with `across`."""
    shared = overlaps(found, found) > overlap
    if not across:
        shared &= found[:, None, 4] == found[None, :, 4]
    kept = np.ones(len(found), bool)
    for place in range(len(found)):
        if kept[place]:
            kept[place + 1 :] &= ~shared[place, place + 1 :]
    return np.asarray(found[kept])


def _neighbourhood(heat: np.ndarray) -> np.ndarray:
    """The largest of each cell and its neighbours, (rows, columns, classes)."""
    padded = np.pad(heat, ((1, 1), (1, 1), (0, 0)), constant_values=-np.inf)
    rows, columns = heat.shape[:2]
    return np.asarray(np.max([padded[y : y + rows, x : x + columns] for y in range(3) for x in range(3)], axis=0))
