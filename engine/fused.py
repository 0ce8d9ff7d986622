"""Adam and AdamW whose update is one kernel a weight instead of a dozen small operations.

The arithmetic is Keras' own, and so are slots, clipping, weight decay and saved state; only the order of roundings may
differ in the last bit. For small networks Adam is a third of a training step, nearly all of it the cost of starting
operations (`python -m bench throughput`).
"""

from typing import Any

import keras
import tensorflow as tf


class _FusedUpdate:
    """Keras' Adam with the moving averages and the step in `ResourceApplyAdam`."""

    iterations: Any
    beta_1: float
    beta_2: float
    epsilon: float
    _momentums: list[Any]
    _velocities: list[Any]

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Update `variable` (any shape) in place by `gradient` (the same shape, or slices of it)."""
        if isinstance(gradient, tf.IndexedSlices):  # an embedding's: the kernel takes whole tensors only
            super().update_step(gradient, variable, learning_rate)  # type: ignore[misc]
            return
        index = self._get_variable_index(variable)  # type: ignore[attr-defined]
        step = tf.cast(self.iterations.value + 1, variable.dtype)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[index].value.handle,
            v=self._velocities[index].value.handle,
            beta1_power=tf.cast(self.beta_1, variable.dtype) ** step,
            beta2_power=tf.cast(self.beta_2, variable.dtype) ** step,
            lr=tf.cast(learning_rate, variable.dtype),
            beta1=tf.cast(self.beta_1, variable.dtype),
            beta2=tf.cast(self.beta_2, variable.dtype),
            epsilon=tf.cast(self.epsilon, variable.dtype),
            grad=tf.cast(gradient, variable.dtype),
        )


class FusedAdam(_FusedUpdate, keras.optimizers.Adam):
    """Kingma and Ba 2015, https://arxiv.org/abs/1412.6980, without AMSGrad."""


class FusedAdamW(_FusedUpdate, keras.optimizers.AdamW):
    """Loshchilov and Hutter 2019, https://arxiv.org/abs/1711.05101, without AMSGrad."""
