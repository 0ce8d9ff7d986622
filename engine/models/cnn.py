"""Convolutional network: the workhorse for small images."""

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from engine.models.base import Model, models
from engine.models.regularisation import batch_norm, penalty
from engine.spec import ADVANCED, FORKABLE, Range

if TYPE_CHECKING:
    import keras


@models.register("cnn", "Convolutional network (CNN)")
class Cnn(Model):
    """Convolutions find local patterns, pooling makes them coarser, a dense layer decides."""

    modalities: ClassVar[tuple[str, ...]] = ("image",)
    source: ClassVar[str] = "LeCun et al. 1998, https://doi.org/10.1109/5.726791"
    searched: ClassVar[tuple[str, ...]] = ("blocks", "batch_normalisation")
    compared: ClassVar[tuple[str, ...]] = ("image",)

    filters: Annotated[int, Range(8, 128, log=True)] = 32
    """Filters of the first convolution; each next block doubles them."""
    blocks: Annotated[int, Range(1, 4)] = 2
    """Number of convolution + pooling blocks; each halves width and height. Never more than the image allows."""
    kernel_size: Annotated[Literal[3, 5, 7], ADVANCED] = 3
    """Width and height of each convolution, in pixels."""
    units: Annotated[int, Range(8, 1024, log=True)] = 128
    """Width of the dense layer after the convolutions."""
    dropout: Annotated[float, Range(0.0, 0.7, step=0.05), FORKABLE] = 0.3
    """Fraction of units zeroed before and after the dense layer, in training only."""
    batch_normalisation: Annotated[bool, ADVANCED] = False
    r"""Normalise each block over the batch: $\hat x = (x - \mu) / \sqrt{\sigma^2 + \epsilon}$. Allows higher learning rates."""
    activation: Annotated[Literal["relu", "gelu", "silu", "tanh", "sigmoid"], ADVANCED] = "relu"
    r"""Nonlinearity after each layer. ReLU: $\max(0, x)$."""
    l1: Annotated[float, Range(0.0, 0.1), ADVANCED, FORKABLE] = 0.0
    r"""L1 penalty: adds $\lambda \sum |w|$ to the loss; drives small weights to zero."""
    l2: Annotated[float, Range(0.0, 0.1), ADVANCED, FORKABLE] = 0.0
    r"""L2 penalty: adds $\lambda \sum w^2$ to the loss; keeps weights small."""

    def body(self, x: "keras.KerasTensor") -> "keras.KerasTensor":
        """(batch, height, width, channels) -> (batch, units)."""
        from keras import layers

        for block in range(self.blocks):
            if min(x.shape[1:3]) < 2:
                break  # an image of 8 pixels can be halved three times, not four
            name = f"block{block + 1}"
            x = layers.Conv2D(
                self.filters * 2**block,
                self.kernel_size,
                padding="same",
                use_bias=not self.batch_normalisation,
                kernel_regularizer=penalty(self.l1, self.l2),
                name=f"{name}_conv",
            )(x)
            if self.batch_normalisation:
                x = batch_norm(f"{name}_bn")(x)
            # for a monotonic activation the order changes no number, and after pooling it is a quarter of the work
            x = layers.MaxPooling2D(name=f"{name}_pool")(x)
            x = layers.Activation(self.activation, name=f"{name}_activation")(x)
        x = layers.Flatten(name="flatten")(x)
        x = layers.Dropout(self.dropout, name="flatten_dropout")(x)
        weights = penalty(self.l1, self.l2)
        x = layers.Dense(self.units, activation=self.activation, kernel_regularizer=weights, name="hidden")(x)
        return layers.Dropout(self.dropout, name="hidden_dropout")(x)
