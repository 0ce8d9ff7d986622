"""Residual network: convolutions with shortcuts, so that depth does not hurt."""

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from engine.models.base import Model, models
from engine.models.regularisation import batch_norm, penalty
from engine.spec import ADVANCED, FORKABLE, Range

if TYPE_CHECKING:
    import keras

_LARGE = 64  # pixels; from here on the stem shrinks the image four times, as for ImageNet


@models.register("resnet", "Residual network (ResNet)")
class ResNet(Model):
    """Blocks of two convolutions whose input is added to their output: deeper than a CNN, and still easy to train."""

    modalities: ClassVar[tuple[str, ...]] = ("image",)
    source: ClassVar[str] = "He et al. 2015, https://arxiv.org/abs/1512.03385"
    compared: ClassVar[tuple[str, ...]] = ("image",)

    width: Annotated[int, Range(8, 128, log=True)] = 16
    """Filters of the first stage; each next stage doubles them and halves width and height."""
    stages: Annotated[int, Range(1, 4)] = 3
    """Number of stages: groups of blocks that work on one image size."""
    blocks_per_stage: Annotated[int, Range(1, 6)] = 1
    """Residual blocks in each stage, of two convolutions each."""
    dropout: Annotated[float, Range(0.0, 0.7, step=0.05), FORKABLE] = 0.2
    """Fraction of the pooled features zeroed before the output layer, in training only."""
    l2: Annotated[float, Range(0.0, 0.1), ADVANCED, FORKABLE] = 0.0
    r"""L2 penalty on the convolutions: adds $\lambda \sum w^2$ to the loss; keeps weights small."""

    def body(self, x: "keras.KerasTensor") -> "keras.KerasTensor":
        """(batch, height, width, channels) -> (batch, width * 2 ** (stages - 1))."""
        from keras import layers

        large = min(x.shape[1:3]) >= _LARGE
        x = self._convolve(x, self.width, "stem", kernel_size=7 if large else 3, strides=2 if large else 1)
        x = layers.ReLU(name="stem_relu")(x)
        if large:
            x = layers.MaxPooling2D(3, strides=2, padding="same", name="stem_pool")(x)
        for stage in range(self.stages):
            for block in range(self.blocks_per_stage):
                strides = 2 if stage > 0 and block == 0 else 1
                x = self._residual(x, self.width * 2**stage, f"stage{stage + 1}_{block + 1}", strides)
        x = layers.GlobalAveragePooling2D(name="pool")(x)
        return layers.Dropout(self.dropout, name="dropout")(x)

    def _residual(self, x: "keras.KerasTensor", filters: int, name: str, strides: int) -> "keras.KerasTensor":
        """relu(x + two convolutions of x); a 1x1 convolution makes x fit where the shape changes."""
        from keras import layers

        y = self._convolve(x, filters, f"{name}_a", strides=strides)
        y = layers.ReLU(name=f"{name}_a_relu")(y)
        y = self._convolve(y, filters, f"{name}_b")
        if strides > 1 or x.shape[-1] != filters:
            x = self._convolve(x, filters, f"{name}_shortcut", kernel_size=1, strides=strides)
        return layers.ReLU(name=f"{name}_relu")(layers.Add(name=f"{name}_add")([x, y]))

    def _convolve(self, x: Any, filters: int, name: str, kernel_size: int = 3, strides: int = 1) -> Any:
        """Convolution without bias, then batch normalisation."""
        from keras import layers

        x = layers.Conv2D(
            filters,
            kernel_size,
            strides,
            padding="same",
            use_bias=False,
            kernel_initializer="he_normal",
            kernel_regularizer=penalty(0.0, self.l2),
            name=f"{name}_conv",
        )(x)
        return batch_norm(f"{name}_bn")(x)
