"""A detector that ships with the program: it knows 23 things of everyday life, and proposes boxes around others.

SSD on MobileNetV2, trained on Open Images, from the npm package @mediapipe/objectron (Apache-2.0). Its boxes are those of
`ssd_anchor_generator` of the TensorFlow Object Detection API.
"""

import warnings
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from engine.detection.peaks import suppress
from engine.errors import TrainyardError

_MODELS = Path(__file__).resolve().parents[2] / "data" / "models"
WEIGHTS, LABELS = _MODELS / "ssd_mobilenetv2_oidv4_23_fp16.tflite", _MODELS / "ssd_mobilenetv2_oidv4_23_labels.txt"
_SIDE = 300
_MAPS = (19, 10, 5, 3, 2, 1)
_RATIOS = (1.0, 2.0, 0.5, 3.0, 1 / 3)
_VARIANCES = np.array([10.0, 10.0, 5.0, 5.0])


def propose(pictures: np.ndarray, threshold: float = 0.05, overlap: float = 0.5, most: int = 30) -> list[np.ndarray]:
    """Pictures (pictures, height, width, 3) of 0 to 255 -> for each boxes (boxes, 6) as `peaks` has them, the likeliest first.

    Classes are indices into `known_labels`. Raise `TrainyardError` where the weights are not on disk.
    """
    interpreter, shapes = _interpreter(), _anchors()
    height, width = pictures.shape[1:3]
    return [
        _decoded(*_run(interpreter, picture), shapes, (width, height), threshold, overlap, most) for picture in pictures
    ]


@cache
def known_labels() -> tuple[str, ...]:
    """Return the names of the classes that it knows."""
    return tuple(LABELS.read_text(encoding="utf-8").split("\n")[1:24])


@cache
def _interpreter() -> Any:
    import tensorflow as tf

    if not WEIGHTS.is_file():
        raise TrainyardError("The weights {weights!r} are missing. Restore data/models.", weights=WEIGHTS.name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # its successor is a package of its own
        found = tf.lite.Interpreter(str(WEIGHTS), num_threads=1)
    found.allocate_tensors()
    return found


def _run(interpreter: Any, picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(height, width, 3) -> encodings (anchors, 4), probabilities (anchors, classes), without the background."""
    from PIL import Image

    scaled = Image.fromarray(np.asarray(picture, np.uint8)).resize((_SIDE, _SIDE), Image.Resampling.BILINEAR)
    given, (boxes, classes) = interpreter.get_input_details()[0], interpreter.get_output_details()
    interpreter.set_tensor(given["index"], (np.asarray(scaled, np.float32) / 127.5 - 1)[None])
    interpreter.invoke()
    return interpreter.get_tensor(boxes["index"])[0], interpreter.get_tensor(classes["index"])[0][:, 1:]


@cache
def _anchors() -> np.ndarray:
    """(1917, 4): centre y and x, height and width, as shares of the picture."""
    scales = [*np.linspace(0.2, 0.95, len(_MAPS)), 1.0]
    found = []
    for level, cells in enumerate(_MAPS):
        shapes = [(scales[level], ratio) for ratio in _RATIOS] + [((scales[level] * scales[level + 1]) ** 0.5, 1.0)]
        if level == 0:
            shapes = [(0.1, 1.0), (scales[0], 2.0), (scales[0], 0.5)]
        centres = (np.arange(cells) + 0.5) / cells
        for y in centres:
            for x in centres:
                found += [(y, x, scale / ratio**0.5, scale * ratio**0.5) for scale, ratio in shapes]
    return np.array(found)


def _decoded(
    encodings: np.ndarray,
    probabilities: np.ndarray,
    anchors: np.ndarray,
    size: tuple[int, int],
    threshold: float,
    overlap: float,
    most: int,
) -> np.ndarray:
    """One box of an anchor, of its likeliest class; of those that overlap the likeliest, whatever their classes."""
    best = probabilities.max(axis=1)
    chosen = np.flatnonzero(best >= threshold)
    chosen = chosen[np.argsort(-best[chosen], kind="stable")][: 10 * most]
    moves, places = encodings[chosen] / _VARIANCES, anchors[chosen]
    centre, half = places[:, :2] + moves[:, :2] * places[:, 2:], np.exp(moves[:, 2:]) * places[:, 2:] / 2
    corners = np.concatenate([(centre - half)[:, ::-1], (centre + half)[:, ::-1]], axis=1).clip(0, 1)
    sides = corners * np.tile(np.array(size), 2)
    rows = [sides, probabilities[chosen].argmax(axis=1)[:, None], best[chosen][:, None]]
    return suppress(np.concatenate(rows, axis=1).astype(np.float32), overlap, across=True)[:most]
