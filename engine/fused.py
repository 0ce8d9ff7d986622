"""Adam and its variants with one kernel per weight instead of a dozen small operations.

The arithmetic is Keras' own, and so are slots, clipping, weight decay and saved state; only the order of rounding may
differ in the last bit. For a small network Adam takes a third of a training step, nearly all of it the cost of starting
operations (`python -m bench throughput`).
"""

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import keras


@cache
def fused(optimizer: "type[keras.optimizers.Adam]") -> "type[keras.optimizers.Adam]":
    """Return the same optimizer with its update in TensorFlow's `ResourceApplyAdam`; without AMSGrad."""
    import tensorflow as tf

    class Fused(optimizer):  # type: ignore[misc]
        """The same arithmetic with one operation per weight; it rounds in another order, so the last bit may differ."""

        def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
            """Update `variable` (any shape) in place by `gradient` (the same shape, or slices of it).

            An embedding's gradient comes as slices. Keras, too, updates all rows in every step, since means decay.
            """
            gradient = tf.convert_to_tensor(gradient)
            index = self._get_variable_index(variable)
            dtype = variable.dtype
            step = tf.cast(self.iterations.value + 1, dtype)
            beta_1, beta_2 = tf.cast(self.beta_1, dtype), tf.cast(self.beta_2, dtype)
            tf.raw_ops.ResourceApplyAdam(
                var=variable.handle,
                m=self._momentums[index].value.handle,
                v=self._velocities[index].value.handle,
                beta1_power=beta_1**step,
                beta2_power=beta_2**step,
                lr=tf.cast(learning_rate, dtype),
                beta1=beta_1,
                beta2=beta_2,
                epsilon=tf.cast(self.epsilon, dtype),
                grad=tf.cast(gradient, dtype),
            )

    Fused.__name__ = f"Fused{optimizer.__name__}"
    return Fused
