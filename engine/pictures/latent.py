"""Variational autoencoder: pictures become places in a latent space, and places drawn at random become pictures.

Kingma and Welling 2014, https://arxiv.org/abs/1312.6114: of a picture x the encoder tells a normal distribution of places z, and the
decoder how likely each place makes x. The loss is the negative ELBO, reconstruction + divergence, in nats for a picture.
"""

from collections.abc import Mapping
from functools import cache
from statistics import NormalDist
from typing import Any, Protocol

import numpy as np

LATENT = "latent"
"""What a network is fed beside class and picture: a place (batch, dimensions), in training the noise around the one of the picture."""
DECODED, MEAN, SPREAD = "decoded", "mean", "log_variance"
"""Outputs of the saved network: the picture from -1 to 1 at the place that it was given, and the places of the picture it was given."""
_PICTURE = "picture"
_ROWS = 256
_SURE = 1e-6  # no pixel is surer than that: its logarithm would not be finite
_STEPS, _MARGIN, _AWAY = 15, 0.02, 1.5


class Call(Protocol):
    """The network."""

    def __call__(self, inputs: np.ndarray, extra: Mapping[str, np.ndarray] | None = None) -> Any: ...


def decoded(call: Call, classes: np.ndarray, places: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return the pictures (examples, *shape) from -1 to 1 of classes (examples,) at `places` (examples, dimensions)."""
    found = []
    for start in range(0, len(places), _ROWS):
        some = places[start : start + _ROWS].astype(np.float32)
        extra = {_PICTURE: np.zeros((len(some), *shape), np.float32), LATENT: some}
        found.append(np.asarray(call(classes[start : start + _ROWS, None].astype(np.int32), extra)[DECODED]))
    return np.concatenate(found) if found else np.zeros((0, *shape), np.float32)


def encoded(call: Call, classes: np.ndarray, pictures: np.ndarray, dimensions: int) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and log variance (examples, dimensions) of the places of pictures (examples, ...) from -1 to 1."""
    means, spreads = [np.zeros((0, dimensions))], [np.zeros((0, dimensions))]
    for start in range(0, len(pictures), _ROWS):
        some = pictures[start : start + _ROWS].astype(np.float32)
        extra = {_PICTURE: some, LATENT: np.zeros((len(some), dimensions), np.float32)}
        told = call(classes[start : start + _ROWS, None].astype(np.int32), extra)
        means.append(np.asarray(told[MEAN]))
        spreads.append(np.asarray(told[SPREAD]))
    return np.concatenate(means), np.concatenate(spreads)


def loss_parts(
    call: Call, classes: np.ndarray, pictures: np.ndarray, dimensions: int, rng: np.random.Generator
) -> np.ndarray:
    """Return of each picture (examples, ...) from -1 to 1 its reconstruction and its divergence, in nats: (examples, 2)."""
    mean, spread = encoded(call, classes, pictures, dimensions)
    places = mean + np.exp(spread / 2) * rng.normal(size=mean.shape)
    made = decoded(call, classes, places, pictures.shape[1:])
    likely, wanted = np.clip((made.astype(np.float64) + 1) / 2, _SURE, 1 - _SURE), (pictures + 1) / 2
    each = -(wanted * np.log(likely) + (1 - wanted) * np.log(1 - likely))
    return np.stack([each.sum(axis=(1, 2, 3)), divergence(mean, spread)], axis=1)


def divergence(mean: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """Return how far normal distributions (examples, dimensions) are from the standard one, in nats (examples,)."""
    found: np.ndarray = 0.5 * (np.exp(spread) + mean**2 - 1 - spread).sum(axis=1)
    return found


def between(one: np.ndarray, other: np.ndarray, steps: int) -> list[np.ndarray]:
    """Return places on the way from `one` to `other` (examples, dimensions), as far from the middle as both are on average."""
    angles = np.linspace(0, np.pi / 2, steps)
    return [np.cos(angle) * one + np.sin(angle) * other for angle in angles.tolist()]


def grid(dimensions: int, across: int, down: int) -> tuple[np.ndarray, int]:
    """Return places of a map (rows * columns, dimensions), as dense as places are likely, and its columns.

    Dimension `across` grows to the right, dimension `down` upwards; all others are 0.
    """
    shares = np.linspace(_MARGIN, 1 - _MARGIN, _STEPS).tolist()
    ticks = [NormalDist().inv_cdf(share) for share in shares]
    places = np.zeros((_STEPS, _STEPS, dimensions))
    places[:, :, across] = ticks
    places[:, :, down] = np.array(ticks)[::-1, None]
    return places.reshape(-1, dimensions), _STEPS


def by_effect(call: Call, number: int, dimensions: int, shape: tuple[int, ...]) -> list[int]:
    """Return the dimensions, first the one along which pictures of a class change most."""
    steps = _AWAY * np.concatenate([np.eye(dimensions), -np.eye(dimensions)])
    made = decoded(call, np.full(len(steps), number), steps, shape)
    changes = np.abs(made[:dimensions] - made[dimensions:]).mean(axis=(1, 2, 3))
    return [int(place) for place in np.argsort(-changes, kind="stable")]


@cache
def vae_network() -> Any:
    """Return the class of the trained network; made late, as it needs Keras."""
    import keras
    from keras import ops

    class Vae(keras.Model):  # type: ignore[misc]  # Keras has no types
        """Draws places around those of pictures, and is told how well these lead back to the pictures."""

        def __init__(
            self, *args: Any, latent: int, beta: float, warm_up: int, dropped: float = 0.1, **options: Any
        ) -> None:
            super().__init__(*args, **options)
            self.latent, self.beta, self.warm_up, self.dropped = latent, beta, warm_up, dropped
            self.seeds = keras.random.SeedGenerator()
            self.updates = self.add_weight(shape=(), initializer="zeros", trainable=False, name="updates")
            self.reconstruction = keras.metrics.Mean(name="reconstruction")
            self.divergence = keras.metrics.Mean(name="divergence")

        def call(self, inputs: Any, training: bool = False, mask: Any = None) -> Any:
            """Pictures (batch, height, width, channels) and classes -> reconstruction and divergence (batch, 2).

            Places are drawn in training, and with the same noise otherwise: losses of epochs can be compared.
            """
            picture, classes = inputs["picture"], inputs["inputs"]
            count = ops.shape(picture)[0]
            noise = keras.random.normal((count, self.latent), seed=self.seeds if training else 1)
            if training:
                left_out = keras.random.uniform((count, 1), seed=self.seeds) < self.dropped
                classes = ops.where(left_out, 0, classes)
            told = super().call({"inputs": classes, "picture": picture, "latent": noise}, training=training)
            logits, mean, spread = (
                told[:, : -2 * self.latent],
                told[:, -2 * self.latent : -self.latent],
                told[:, -self.latent :],
            )
            wanted = ops.reshape((picture + 1) / 2, ops.shape(logits))
            reconstruction = ops.sum(ops.softplus(logits) - logits * wanted, axis=1)  # cross-entropy
            divergence = ops.sum(ops.exp(spread) + ops.square(mean) - 1 - spread, axis=1) / 2
            return ops.stack([reconstruction, divergence], axis=1)

        def compute_loss(
            self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
        ) -> Any:
            """The mean of both, the divergence with its weight, which rises at the beginning of training."""
            count = ops.cast(ops.shape(y_pred)[0], "float32")
            reconstruction, divergence = ops.mean(y_pred[:, 0]), ops.mean(y_pred[:, 1])
            self.reconstruction.update_state(reconstruction, sample_weight=count)
            self.divergence.update_state(divergence, sample_weight=count)
            share = ops.minimum(1.0, (1 + self.updates) / (1 + self.warm_up)) if training else 1.0
            return reconstruction + self.beta * share * divergence

        def train_step(self, *args: Any, **options: Any) -> Any:
            """One update, which is counted."""
            logs = super().train_step(*args, **options)
            self.updates.assign(self.updates + 1)
            return logs

    return Vae
