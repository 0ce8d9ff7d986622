"""Temporal convolutional network: convolutions that look twice as far back in each block."""

from typing import TYPE_CHECKING, Annotated, ClassVar

from engine.models.base import Model, models
from engine.spec import FORKABLE, Range

if TYPE_CHECKING:
    import keras


@models.register("tcn", "Temporal convolutional network (TCN)")
class Tcn(Model):
    """Convolutions along time, each block with twice the distance between the steps that it compares."""

    modalities: ClassVar[tuple[str, ...]] = ("time-series",)
    source: ClassVar[str] = "Bai, Kolter, Koltun 2018, https://arxiv.org/abs/1803.01271"

    filters: Annotated[int, Range(8, 256, log=True)] = 32
    """Number of patterns in each block."""
    depth: Annotated[int, Range(1, 8)] = 4
    """Number of blocks. With kernels of 3 steps, four of them see 61 steps back."""
    kernel_size: Annotated[int, Range(2, 7)] = 3
    """Steps that a pattern compares."""
    dropout: Annotated[float, Range(0.0, 0.7, step=0.05), FORKABLE] = 0.1
    """Fraction of units zeroed after each convolution, in training only."""

    def body(self, x: "keras.KerasTensor") -> "keras.KerasTensor":
        """(batch, steps, channels) -> (batch, filters): what is known at the last step."""
        from keras import layers

        x = layers.Conv1D(self.filters, 1, name="widen")(x)
        for block in range(self.depth):
            y = x
            for half in (1, 2):
                y = layers.Conv1D(
                    self.filters,
                    self.kernel_size,
                    padding="causal",
                    dilation_rate=2**block,
                    activation="relu",
                    name=f"block{block + 1}_conv{half}",
                )(y)
                y = layers.Dropout(self.dropout, name=f"block{block + 1}_dropout{half}")(y)
            x = layers.Add(name=f"block{block + 1}_add")([x, y])
        return x[:, -1]
