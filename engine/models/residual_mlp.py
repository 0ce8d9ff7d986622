"""Residual network for tables: dense layers that add to what is there."""

from typing import TYPE_CHECKING, Annotated, ClassVar

from engine.models.base import Model, models
from engine.models.regularisation import batch_norm
from engine.spec import ADVANCED, FORKABLE, Range

if TYPE_CHECKING:
    import keras


@models.register("residual-mlp", "Residual MLP (ResNet for tables)")
class ResidualMlp(Model):
    """Blocks of two dense layers with skip connections, for tables on which a plain network is too shallow."""

    modalities: ClassVar[tuple[str, ...]] = ("table",)
    source: ClassVar[str] = "Gorishniy et al. 2021, https://arxiv.org/abs/2106.11959"
    searched: ClassVar[tuple[str, ...]] = ("blocks",)
    compared: ClassVar[tuple[str, ...]] = ("table",)

    width: Annotated[int, Range(8, 512, log=True)] = 64
    """Size of the vector that represents a row between the blocks."""
    blocks: Annotated[int, Range(1, 8)] = 2
    """Number of consecutive blocks, each with a skip connection."""
    expansion: Annotated[int, Range(1, 4), ADVANCED] = 2
    """Width inside a block as a multiple of the width outside."""
    dropout: Annotated[float, Range(0.0, 0.7, step=0.05), FORKABLE] = 0.2
    """Fraction of units zeroed inside each block, in training only."""

    def body(self, x: "keras.KerasTensor") -> "keras.KerasTensor":
        """(batch, features) -> (batch, width)."""
        from keras import layers

        x = layers.Dense(self.width, name="stem")(x)
        for number in range(self.blocks):
            x = self._block(x, f"block{number + 1}")
        x = batch_norm("last_bn")(x)
        return layers.Activation("relu", name="last_activation")(x)

    def _block(self, x: "keras.KerasTensor", name: str) -> "keras.KerasTensor":
        """(batch, width) -> (batch, width): x + linear(dropout(relu(linear(normalised x))))."""
        from keras import layers

        inside = batch_norm(f"{name}_bn")(x)
        inside = layers.Dense(self.expansion * self.width, activation="relu", name=f"{name}_wide")(inside)
        inside = layers.Dropout(self.dropout, name=f"{name}_dropout")(inside)
        inside = layers.Dense(self.width, name=f"{name}_narrow")(inside)
        return layers.Add(name=f"{name}_add")([x, inside])
