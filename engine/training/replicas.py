"""Copies of a network that train together, one on each of several devices of this machine.

Each step's batch is divided among them; their gradients are added up before the optimizer applies them, so that a step does
what it does on one device. TensorFlow's `MirroredStrategy` does all that; here is what it has to be told.
"""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import tensorflow as tf

from engine.errors import TrainyardError


@dataclass(frozen=True)
class Replicas:
    """`count` copies of a network; where it is one, nothing is distributed and TensorFlow is told nothing."""

    strategy: tf.distribute.Strategy | None = None

    @classmethod
    def over(cls, kind: str, count: int) -> "Replicas":
        """Return one copy on each of `count` devices of a kind, "GPU" or "CPU". Raise `TrainyardError` where there are fewer."""
        if count == 1:
            return cls()
        found = tf.config.list_logical_devices(kind)
        if len(found) < count:
            raise TrainyardError(
                "The run requires {count} devices at once, but its slot has {found}. Start it with fewer, or give "
                "each slot more GPUs (TRAINYARD_GPUS_PER_SLOT).",
                count=count,
                found=len(found),
            )
        return cls(_strategy(tuple(device.name for device in found[:count])))

    @property
    def count(self) -> int:
        """Number of copies."""
        return 1 if self.strategy is None else int(self.strategy.num_replicas_in_sync)

    def scope(self) -> contextlib.AbstractContextManager[Any]:
        """Return the context in which variables are created on all devices."""
        return contextlib.nullcontext() if self.strategy is None else self.strategy.scope()

    def distributed(self, make: Callable[[], tf.data.Dataset]) -> Any:
        """Return a dataset for `fit`. What `make` returns has one part of a batch after the other, for one copy each."""
        if self.strategy is None:
            return make()
        found = self.strategy.distribute_datasets_from_function(lambda context: make())
        found._cardinality //= self.count  # TensorFlow counts parts; Keras takes it for the number of batches
        return found


def check_batch(batch_size: int, count: int) -> None:
    """Raise `TrainyardError` where a batch cannot be divided evenly among `count` devices: the mean of the parts would not be
    that of the batch."""
    if batch_size % count:
        raise TrainyardError(
            "A batch of {batch_size} cannot be divided evenly among {count} devices. Choose a batch size of {fitting}.",
            batch_size=batch_size,
            count=count,
            fitting=max(batch_size - batch_size % count, count),
        )


@cache
def _strategy(devices: tuple[str, ...]) -> tf.distribute.Strategy:
    """Return the one strategy of these devices: in the next trial of a process, another one would take up its collective sums."""
    return tf.distribute.MirroredStrategy(list(devices))


ALONE = Replicas()
"""One copy."""
