"""Flow matching: a network learns the velocity that carries noise to pictures, and is then followed from noise.

Lipman et al. 2023, https://arxiv.org/abs/2210.02747, with straight paths (Liu et al. 2023, https://arxiv.org/abs/2209.03003): at
time t from 0 to 1 a picture x is seen as (1 - t) noise + t x, and its velocity is x - noise.
"""

import itertools
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Protocol

import numpy as np

PICTURE, TIME = "picture", "time"
"""What a network is fed beside the class: a picture from -1 to 1 (batch, height, width, channels), and the time (batch, 1)."""
VELOCITY = "velocity"
"""The output of a network that is to be followed."""
NONE = 0
"""The number of no class."""
_MOST_ROWS = 256


class Call(Protocol):
    """The network."""

    def __call__(self, inputs: np.ndarray, extra: Mapping[str, np.ndarray] | None = None) -> Any: ...


def followed(call: Call, classes: np.ndarray, noise: np.ndarray, steps: int, guidance: float) -> Iterator[np.ndarray]:
    """Yield (examples, height, width, channels) from -1 to 1 at each of `steps` + 1 times, noise first, by Heun's method.

    `classes` (examples,), of which `NONE` is none. With `guidance` above 1 the velocity is moved away from the one of no
    class: classifier-free guidance (Ho and Salimans 2022, https://arxiv.org/abs/2207.12598).
    """

    def velocity(x: np.ndarray, time: float) -> np.ndarray:
        parts = [
            _velocity(call, classes[start : start + _MOST_ROWS], x[start : start + _MOST_ROWS], time, guidance)
            for start in range(0, len(x), _MOST_ROWS)
        ]
        return np.concatenate(parts)

    x, times = noise.astype(np.float32), np.linspace(0, 1, steps + 1)
    yield x
    for begin, end in itertools.pairwise(times):
        first = velocity(x, begin)
        ahead = x + (end - begin) * first
        x = ahead if end == 1 else x + (end - begin) / 2 * (first + velocity(ahead, end))
        x = x.astype(np.float32)
        yield x


def _velocity(call: Call, classes: np.ndarray, x: np.ndarray, time: float, guidance: float) -> np.ndarray:
    """Of the class, and of no class where guidance asks for it, in one call."""
    guided = guidance != 1 and bool((classes != NONE).any())
    ids = np.concatenate([classes, np.full_like(classes, NONE)]) if guided else classes
    seen = np.concatenate([x, x]) if guided else x
    extra = {PICTURE: seen.astype(np.float32), TIME: np.full((len(seen), 1), time, np.float32)}
    found = np.asarray(call(ids[:, None].astype(np.int32), extra)[VELOCITY])
    if not guided:
        return found
    wanted, free = found[: len(x)], found[len(x) :]
    return np.asarray(free + guidance * (wanted - free))


@cache
def flow_network() -> Any:
    """Return the class of the trained network; made late, as it needs Keras."""
    import keras
    from keras import ops

    class Flow(keras.Model):  # type: ignore[misc]  # Keras has no types
        """Sees pictures through noise, and is corrected by their velocities. A twin follows its weights."""

        def __init__(self, *args: Any, dropped: float = 0.1, momentum: float = 0.999, **options: Any) -> None:
            super().__init__(*args, **options)
            self.dropped, self.momentum = dropped, momentum
            self.seeds = keras.random.SeedGenerator()
            self.updates = self.add_weight(shape=(), initializer="zeros", trainable=False, name="updates")

        def follow(self, twin: Any) -> None:
            """Let the weights of `twin` be a moving average of this network's, of its last thousand updates."""
            self._pairs = list(zip(twin.weights, self.trainable_weights, strict=True))
            for average, weight in self._pairs:
                average.assign(weight)
                average.trainable = False
            self.twin = twin

        def call(self, inputs: Any, training: bool = False, mask: Any = None) -> Any:
            """Pictures (batch, height, width, channels) and their classes -> errors of the velocity, of the same shape.

            Noise and time are drawn in training, and always the same otherwise: losses of epochs can be compared.
            """
            picture, seed = inputs["picture"], self.seeds if training else 1
            noise = keras.random.normal(ops.shape(picture), seed=seed)
            count = ops.shape(picture)[0]
            time = ops.sigmoid(keras.random.normal((count, 1), seed=self.seeds if training else 2))
            classes = inputs["inputs"]
            if training:
                left_out = keras.random.uniform((count, 1), seed=self.seeds) < self.dropped
                classes = ops.where(left_out, NONE, classes)
            share = time[:, :, None, None]
            seen = (1 - share) * noise + share * picture
            found = super().call({"inputs": classes, "picture": seen, "time": time}, training=training)
            return found - (picture - noise)

        def compute_loss(
            self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
        ) -> Any:
            """The mean squared error of all numbers."""
            return ops.mean(ops.square(y_pred))

        def train_step(self, *args: Any, **options: Any) -> Any:
            """One update, and then the average follows: quickly at first."""
            logs = super().train_step(*args, **options)
            self.updates.assign(self.updates + 1)
            kept = ops.minimum(self.momentum, (1 + self.updates) / (10 + self.updates))
            for average, weight in self._pairs:
                average.assign(kept * average + (1 - kept) * weight)
            return logs

    return Flow
