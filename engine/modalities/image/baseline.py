"""Images: a linear model of the pixels, which sees no shapes, only where it is light or dark."""

import numpy as np
from sklearn.preprocessing import StandardScaler

from engine.modalities.image.looks import image_features
from engine.modalities.recipe import Family, Recipe, logistic_regressions, ridge_regressions

_STRENGTHS = (0.01, 0.1, 0.001)
_RIDGES = (1e-4, 1e-3, 1e-5)
MAX_PIXELS = 3_072
"""Most numbers of one image (32 x 32 in colour); in larger ones neighbours are averaged."""


def recipe(sample: np.ndarray, num_classes: int) -> Recipe:
    """Standardised pixels; no classes: a regression."""
    if not num_classes:
        return Recipe(pixels, (Family("ridge-regression-pixels", StandardScaler(), ridge_regressions(*_RIDGES)),))
    return Recipe(pixels, (Family("logistic-regression-pixels", StandardScaler(), logistic_regressions(*_STRENGTHS)),))


def pixels(images: np.ndarray) -> np.ndarray:
    """(examples, height, width, channels) uint8 -> (examples, features) float32 between 0 and 1."""
    images = np.asarray(images, dtype=np.float32) / 255
    count, height, width, channels = images.shape
    side = 1
    while (height // side) * (width // side) * channels > MAX_PIXELS and side < min(height, width):
        side += 1
    rows, columns = height // side, width // side
    blocks = images[:, : rows * side, : columns * side].reshape(count, rows, side, columns, side, channels)
    averaged: np.ndarray = blocks.mean(axis=(2, 4)).reshape(count, -1)
    return averaged


def recipe_of_fields() -> Recipe:
    """Standardised means of at most 16 x 16 fields."""
    return Recipe(image_features, (Family("logistic-regression-fields", StandardScaler(), logistic_regressions(0.1)),))
