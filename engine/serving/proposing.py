"""Boxes proposed to people who label pictures, by the detector that ships with the program."""

from collections.abc import Sequence
from io import BytesIO
from typing import Any

import numpy as np

from engine.detection.proposals import known_labels, propose

THRESHOLD, MOST = 0.1, 12
"""Least probability of a box, and most boxes of a picture: deleting wrong ones costs more than drawing one."""


def propose_boxes(contents: Sequence[bytes]) -> list[list[dict[str, Any]]]:
    """PNGs of our own making -> for each the likeliest boxes, as `Proposal` has them."""
    return [_proposed(content) for content in contents]


def _proposed(content: bytes) -> list[dict[str, Any]]:
    from PIL import Image

    with Image.open(BytesIO(content), formats=("PNG",)) as picture:
        pixels = np.asarray(picture.convert("RGB"))
    labels = known_labels()
    return [
        {
            "box": [round(side, 1) for side in sides],
            "name": labels[int(index)],
            "probability": round(probability, 3),
        }
        for *sides, index, probability in propose(pixels[None], threshold=THRESHOLD, most=MOST)[0].tolist()
    ]
