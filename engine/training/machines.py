"""Workers on several machines that train one network together: what TensorFlow adds up between them at each step.

Keras' `fit` cannot run under TensorFlow's `MultiWorkerMirroredStrategy`. So the strategy only connects the processes;
each of them has the whole network and an optimizer of its own, computes the gradients of its part of the batch, and applies
the mean of all: the same numbers everywhere, so that the networks stay equal.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from engine.group import Group
from engine.training.operations import flat

_GROUP_KEY = 4_177
_GRADIENTS, _COUNTS = 1, 2  # two sums a step, each with a key of its own
_SEEDS_APART = 1_000_003


@dataclass(frozen=True)
class Machines:
    """The `count` workers of a run, of which this process is number `index`. One alone needs nothing of TensorFlow."""

    count: int = 1
    index: int = 0

    @classmethod
    def join(cls, group: Group, *, gpu: bool) -> "Machines":
        """Connect this process with the others of its group; it waits until all are there. TensorFlow must not have begun yet."""
        cluster = tf.train.ClusterSpec({"worker": list(group.addresses)})
        resolver = tf.distribute.cluster_resolver.SimpleClusterResolver(
            cluster,
            task_type="worker",
            task_id=group.index,
            num_accelerators={"GPU": 1} if gpu else {},
            rpc_layer="grpc",
        )
        tf.distribute.MultiWorkerMirroredStrategy(resolver)
        return cls(group.count, group.index)

    def train_together(self, model: keras.Model) -> None:
        """Have each step of a compiled model apply the mean of all gradients, and count in its metrics what all have seen.

        Clipping and loss scaling happen after the mean, as on one device. Moving averages, as those of batch normalisation, are
        the mean of those of all.
        """
        if self.count == 1:
            return
        step, apply, moving = model.train_step, model.optimizer.apply, _moving(model)

        def apply_mean(gradients: Sequence[Any], variables: Sequence[Any]) -> Any:
            pairs = zip(gradients, variables, strict=True)
            known = [tf.reshape(tf.convert_to_tensor(g), v.shape) for g, v in pairs if g is not None]
            means = iter([total / self.count for total in self._total(known, _GRADIENTS)])
            return apply([None if gradient is None else next(means) for gradient in gradients], variables)

        def step_together(data: Any) -> Any:
            counts = model.metrics_variables
            before = [tf.identity(count.value) for count in counts]
            for count in counts:
                count.assign(tf.zeros_like(count.value))
            step(data)
            here = [*(count.value for count in counts), *(average.value for average in moving)]
            totals = self._total(here, _COUNTS)
            for count, earlier, total in zip(counts, before, totals[: len(counts)], strict=True):
                count.assign(earlier + total)
            for average, total in zip(moving, totals[len(counts) :], strict=True):
                average.assign(total / self.count)
            return model.get_metrics_result()

        model.optimizer.apply, model.train_step = apply_mean, step_together

    def _total(self, values: list[Any], key: int) -> list[Any]:
        """Return the sums of tensors over all machines: one transfer, in 32 bits."""
        flat_values = tf.concat([tf.reshape(tf.cast(value, tf.float32), [-1]) for value in values], 0)
        total = tf.raw_ops.CollectiveReduceV2(
            input=flat_values,
            group_size=self.count,
            group_key=_GROUP_KEY,
            instance_key=key,
            ordering_token=[],
            merge_op="Add",
            final_op="Id",
            communication_hint="auto",
        )
        parts = tf.split(total, [int(np.prod(value.shape)) for value in values])
        return [tf.cast(tf.reshape(part, value.shape), value.dtype) for part, value in zip(parts, values, strict=True)]

    def set_seeds_apart(self, model: keras.Model) -> None:
        """Give the seeds of a follower values of their own: with equal ones all would draw the same dropout for their parts."""
        for variable in model.non_trainable_variables:
            if variable.name == "seed_generator_state":
                seed = keras.ops.convert_to_numpy(variable).copy()
                seed[0] = (int(seed[0]) + self.index * _SEEDS_APART) % 2**31
                variable.assign(seed)


def _moving(model: keras.Model) -> list[Any]:
    """Return the untrained numbers that a step changes: those of layers that are not frozen."""
    found = {
        id(variable): variable
        for layer in flat(model.layers)
        if layer.trainable
        for variable in layer.non_trainable_variables
        if keras.backend.is_float_dtype(variable.dtype)
    }
    return list(found.values())


LONE = Machines()
"""One machine."""
