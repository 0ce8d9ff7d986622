"""The network that is fitted where every next token is to be predicted: its loss, and its perplexity."""

from functools import cache
from typing import Any

from engine.language.tokenizer import PADDING


@cache
def writer(smoothing: float = 0.0) -> Any:
    """Return the class of the trained network; made late, as it needs Keras.

    With `smoothing`, that share of each target is spread evenly over all tokens, in training only (Szegedy et al. 2016,
    https://arxiv.org/abs/1512.00567): the network is kept from being too sure.
    """
    import keras

    class Perplexity(keras.metrics.Mean):  # type: ignore[misc]  # Keras has no types
        """The exponential of a mean loss."""

        def result(self) -> Any:
            return keras.ops.exp(super().result())

    class Writer(keras.Model):  # type: ignore[misc]  # as above
        """Its loss is the mean negative logarithm of what each next token was given; padding does not count."""

        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            self.perplexity = Perplexity(name="perplexity")

        def compute_loss(
            self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
        ) -> Any:
            losses = keras.losses.sparse_categorical_crossentropy(y, y_pred, from_logits=True, ignore_class=PADDING)
            counted = keras.ops.cast(keras.ops.not_equal(y, PADDING), losses.dtype)
            total, count = keras.ops.sum(losses * counted), keras.ops.sum(counted)
            self.perplexity.update_state(total / count, sample_weight=count)
            if smoothing and training:
                even = keras.ops.logsumexp(y_pred, axis=-1) - keras.ops.mean(y_pred, axis=-1)
                total = (1 - smoothing) * total + smoothing * keras.ops.sum(even * counted)
            return total / count

    return Writer
