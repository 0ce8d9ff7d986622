"""Backgrounds made of numbers: plain colours, gradients, stripes and clouds, each repeatable from its seed."""

import numpy as np
from PIL import Image


def plain(rng: np.random.Generator, size: int) -> np.ndarray:
    """One calm colour, like a wall or a table: a random grey with a tint, (size, size, 3) uint8."""
    colour = rng.uniform(90, 245) + rng.uniform(-25, 25, 3)
    return np.broadcast_to(colour.clip(0, 255).astype(np.uint8), (size, size, 3))


def textured(rng: np.random.Generator, size: int) -> np.ndarray:
    """A random gradient, stripes or clouds between two random colours, with grain, (size, size, 3) uint8."""
    pattern = (_gradient, _stripes, _clouds)[rng.integers(3)]
    mix = pattern(rng, size)[..., None]
    image = _colour(rng) * mix + _colour(rng) * (1 - mix) + rng.normal(0, 6, (size, size, 1))
    return np.asarray(image.clip(0, 255), np.uint8)


def _colour(rng: np.random.Generator) -> np.ndarray:
    return rng.uniform(0, 255, 3)


def _along(rng: np.random.Generator, size: int) -> np.ndarray:
    """Return how far each pixel lies in a random direction, (size, size), about -0.7..0.7."""
    angle = rng.uniform(0, 2 * np.pi)
    y, x = np.mgrid[0:size, 0:size] / size - 0.5
    return np.asarray(x * np.cos(angle) + y * np.sin(angle))


def _gradient(rng: np.random.Generator, size: int) -> np.ndarray:
    return (_along(rng, size) + 0.5).clip(0, 1)


def _stripes(rng: np.random.Generator, size: int) -> np.ndarray:
    waves = rng.uniform(2, 12)
    return np.asarray(0.5 + 0.5 * np.sin(2 * np.pi * waves * _along(rng, size) + rng.uniform(0, 2 * np.pi)))


def _clouds(rng: np.random.Generator, size: int) -> np.ndarray:
    coarse = rng.uniform(0, 255, (int(rng.integers(3, 12)),) * 2).astype(np.uint8)
    smooth = Image.fromarray(coarse).resize((size, size), Image.Resampling.BICUBIC)
    return np.asarray(smooth, np.float64) / 255
