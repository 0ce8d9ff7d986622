"""Who says what a made picture shows: a small classifier, learned from the true pictures of the training split."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

FEATURES = 64
"""Numbers that it makes of a picture before it decides: distances between pictures are measured in them."""
_MOST_NUMBERS, _MOST_PARTS = 1024, 96
_EPOCHS, _BATCH, _RATE, _PENALTY = 60, 128, 0.002, 1e-3
_LEAST_STEPS, _MOST_STEPS = 300, 6_000
_EVEN = 0.3


@dataclass(frozen=True)
class Judge:
    """Principal components of coarse pictures, and one hidden layer on them."""

    weights: tuple[np.ndarray, ...] = ()
    """Mean of the pictures, components, weights and biases of both layers. None: it knows nothing."""

    @classmethod
    def learn(cls, pictures: np.ndarray, classes: np.ndarray, count: int) -> Self:
        """(examples, height, width, channels) 0..255 of so many classes. The same pictures give the same judge."""
        coarse = _coarse(pictures)
        mean = coarse.mean(axis=0)
        centred = coarse - mean
        values, vectors = np.linalg.eigh(centred.T @ centred / len(centred))
        parts = min(_MOST_PARTS, len(values))
        spread = np.sqrt(np.maximum(values[-parts:], 0))
        scale = spread + _EVEN * spread.max() + 1e-3  # parts that hardly vary must not count as much as others
        components = (vectors[:, -parts:] / scale).astype(np.float32)
        return cls((mean, components, *_fitted(centred @ components, classes, count)))

    def features(self, pictures: np.ndarray) -> np.ndarray:
        """(examples, height, width, channels) 0..255 -> (examples, FEATURES)."""
        mean, components, first, bias, *_last = self.weights
        found: np.ndarray = np.maximum((_coarse(pictures) - mean) @ components @ first + bias, 0)
        return found

    def classes(self, features: np.ndarray) -> np.ndarray:
        """(examples, FEATURES) -> the class that is seen in each (examples,)."""
        *_first, second, bias = self.weights
        found: np.ndarray = (features @ second + bias).argmax(axis=1)
        return found

    def to_list(self) -> list[Any]:
        """Return plain JSON: weights in 16 bits."""
        return [[list(part.shape), base64.b64encode(part.astype("<f2").tobytes()).decode()] for part in self.weights]

    @classmethod
    def from_list(cls, data: Sequence[Any]) -> Self:
        """The inverse of `to_list`."""
        return cls(
            tuple(
                np.frombuffer(base64.b64decode(text), "<f2").astype(np.float32).reshape(shape) for shape, text in data
            )
        )


def _coarse(pictures: np.ndarray) -> np.ndarray:
    """(examples, height, width, channels) 0..255 -> (examples, numbers) 0..1: means of fields, few enough for components."""
    height, width, channels = pictures.shape[1:]
    side = int((_MOST_NUMBERS / channels) ** 0.5)
    found = np.asarray(pictures, np.float32) / 255
    for axis, length in ((1, height), (2, width)):
        if length > side:
            starts = np.arange(side) * length // side
            sums = np.add.reduceat(found, starts, axis=axis)
            sizes = np.diff([*starts, length]).astype(np.float32)
            found = sums / sizes.reshape([-1 if place == axis else 1 for place in range(4)])
    return found.reshape(len(found), -1)


def _fitted(x: np.ndarray, classes: np.ndarray, count: int) -> list[np.ndarray]:
    """Return the weights of both layers after some epochs of Adam."""
    rng = np.random.default_rng(0)
    wanted = np.eye(count, dtype=np.float32)[classes]
    weights = [
        rng.normal(0, (2 / x.shape[1]) ** 0.5, (x.shape[1], FEATURES)).astype(np.float32),
        np.zeros(FEATURES, np.float32),
        rng.normal(0, (2 / FEATURES) ** 0.5, (FEATURES, count)).astype(np.float32),
        np.zeros(count, np.float32),
    ]
    mean = [np.zeros_like(one) for one in weights]
    square = [np.zeros_like(one) for one in weights]
    steps = int(np.clip(_EPOCHS * len(x) // _BATCH, _LEAST_STEPS, _MOST_STEPS))
    order = np.concatenate([rng.permutation(len(x)) for _ in range(-(-steps * _BATCH // len(x)))])
    for step in range(1, steps + 1):
        some = order[(step - 1) * _BATCH : step * _BATCH]
        hidden = np.maximum(x[some] @ weights[0] + weights[1], 0)
        scores = hidden @ weights[2] + weights[3]
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        error = (shares / shares.sum(axis=1, keepdims=True) - wanted[some]) / len(some)
        back = (error @ weights[2].T) * (hidden > 0)
        slopes = [x[some].T @ back, back.sum(axis=0), hidden.T @ error, error.sum(axis=0)]
        rate = _RATE * (1 - step / (steps + 1))
        for place, slope in enumerate(slopes):
            slope = slope + _PENALTY * weights[place] * (place % 2 == 0)
            mean[place] = 0.9 * mean[place] + 0.1 * slope
            square[place] = 0.999 * square[place] + 0.001 * slope**2
            move = mean[place] / (1 - 0.9**step) / (np.sqrt(square[place] / (1 - 0.999**step)) + 1e-8)
            weights[place] = np.asarray(weights[place] - rate * move, np.float32)
    return weights
