"""Who says whether a synthetic word is understood: a small classifier of spectrograms, learned from the true recordings."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from engine.speech.vocoder import voiced

_MOST_WORDS = 60
_TIMES, _BANDS = 20, 16
_SHIFTS = (-1, 0, 1)  # bands: other speakers
_UNITS, _ROUNDS, _RATE, _PENALTY = 64, 300, 0.003, 1e-3


@dataclass(frozen=True)
class Judge:
    """One hidden layer on the coarse spectrogram of a word."""

    known: tuple[str, ...] = ()
    weights: tuple[np.ndarray, ...] = ()

    @classmethod
    def learn(cls, mel: np.ndarray, texts: Sequence[str]) -> Self:
        """(examples, frames, bands) and what is said in each; nobody judges where there are too many different words."""
        known = tuple(sorted(set(texts)))
        if not 2 <= len(known) <= _MOST_WORDS:
            return cls()
        x = np.concatenate([_coarse(np.roll(mel, shift, axis=2)) for shift in _SHIFTS])
        y = np.tile([known.index(text) for text in texts], len(_SHIFTS))
        return cls(known, tuple(_fitted(x, np.eye(len(known), dtype=np.float32)[y])))

    def words(self, mel: np.ndarray) -> list[str]:
        """(examples, frames, bands) -> the word that is understood in each."""
        if not self.known:
            return [""] * len(mel)
        return [self.known[number] for number in _hidden(_coarse(mel), self.weights)[1].argmax(axis=1).tolist()]

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON: weights in 16 bits."""
        packed = [[list(part.shape), base64.b64encode(part.astype("<f2").tobytes()).decode()] for part in self.weights]
        return {"known": list(self.known), "weights": packed} if self.known else {}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """The inverse of `to_dict`."""
        parts = [
            np.frombuffer(base64.b64decode(packed), "<f2").astype(np.float32).reshape(shape)
            for shape, packed in data.get("weights", ())
        ]
        return cls(tuple(data.get("known", ())), tuple(parts))


def _coarse(mel: np.ndarray) -> np.ndarray:
    """(examples, frames, bands) -> (examples, numbers): means of fields of what sounds, each word on its own scale."""
    filled = np.stack([_filling(one) for one in mel])
    if filled.shape[1] < _TIMES:  # a very short sound has too few frames for all fields
        filled = np.repeat(filled, -(-_TIMES // filled.shape[1]), axis=1)
    frames = np.array_split(filled, _TIMES, axis=1)
    found = np.stack([part.mean(axis=1) for part in frames], axis=1)
    found = np.stack([part.mean(axis=2) for part in np.array_split(found, _BANDS, axis=2)], axis=2)
    flat = found.reshape(len(mel), -1)
    flat = flat - flat.mean(axis=1, keepdims=True)
    scaled: np.ndarray = flat / (flat.std(axis=1, keepdims=True) + 1e-3)
    return scaled.astype(np.float32)


def _filling(mel: np.ndarray) -> np.ndarray:
    """(frames, bands) -> as many frames, from the first sound to the last."""
    sounds = voiced(mel, 2)
    return sounds[np.linspace(0, len(sounds) - 1, len(mel)).round().astype(int)] if len(sounds) else mel


def _hidden(x: np.ndarray, weights: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    first, bias, second, scale = weights
    hidden = np.maximum(x @ first + bias, 0)
    return hidden, hidden @ second + scale


def _fitted(x: np.ndarray, y: np.ndarray) -> list[np.ndarray]:
    """Return weights after some hundred steps of Adam on all examples at once."""
    rng = np.random.default_rng(0)
    weights = [
        rng.normal(0, (2 / x.shape[1]) ** 0.5, (x.shape[1], _UNITS)).astype(np.float32),
        np.zeros(_UNITS, np.float32),
        rng.normal(0, (2 / _UNITS) ** 0.5, (_UNITS, y.shape[1])).astype(np.float32),
        np.zeros(y.shape[1], np.float32),
    ]
    mean: list[np.ndarray] = [np.zeros_like(one) for one in weights]
    square: list[np.ndarray] = [np.zeros_like(one) for one in weights]
    for step in range(1, _ROUNDS + 1):
        hidden, scores = _hidden(x, weights)
        scores = scores - scores.max(axis=1, keepdims=True)
        shares = np.exp(scores)
        error = (shares / shares.sum(axis=1, keepdims=True) - y) / len(x)
        back = (error @ weights[2].T) * (hidden > 0)
        slopes = [x.T @ back, back.sum(axis=0), hidden.T @ error, error.sum(axis=0)]
        for place, slope in enumerate(slopes):
            slope = slope + _PENALTY * weights[place] * (place % 2 == 0)
            mean[place] = 0.9 * mean[place] + 0.1 * slope
            square[place] = 0.999 * square[place] + 0.001 * slope**2
            move = mean[place] / (1 - 0.9**step) / (np.sqrt(square[place] / (1 - 0.999**step)) + 1e-8)
            weights[place] = np.asarray(weights[place] - _RATE * move, np.float32)
    return weights
