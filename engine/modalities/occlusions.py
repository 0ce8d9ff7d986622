"""Occlusions: one input again and again, each time with another part hidden. What the answer loses is what the part said.

Zeiler and Fergus 2014, Visualizing and understanding convolutional networks, https://arxiv.org/abs/1311.2901.
"""

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Occlusions:
    """Variants of one input."""

    parts: list[dict[str, Any]]
    """What is hidden in each, as plain JSON that the modality's twin in the browser can draw."""
    variants: np.ndarray
    """(parts, ...), as inputs of the modality."""


def cuts(length: int, parts: int) -> list[tuple[int, int]]:
    """Return the ends of at most so many parts of `length`, as equal as they can be."""
    edges = np.linspace(0, length, min(length, parts) + 1).round().astype(int).tolist()
    return list(itertools.pairwise(edges))
