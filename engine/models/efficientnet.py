"""The layers of EfficientNet-Lite0 with their ImageNet weights, part by part, so that a network can be cut anywhere."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.errors import TrainyardError

if TYPE_CHECKING:
    import h5py
    import keras

WEIGHTS = Path(__file__).resolve().parents[2] / "data" / "models" / "efficientnet_lite0.h5"
"""ImageNet weights in float16 at `layer/variable`, made by scripts/convert_efficientnet.py."""


class Block(NamedTuple):
    """`repeats` inverted residuals of `filters` filters; the first one strides."""

    repeats: int
    filters: int
    expand: int
    kernel_size: int
    strides: int


BLOCKS = {
    "block1": Block(1, 16, 1, 3, 1),
    "block2": Block(2, 24, 6, 3, 2),
    "block3": Block(2, 40, 6, 5, 2),
    "block4": Block(3, 80, 6, 3, 2),
    "block5": Block(3, 112, 6, 5, 1),
    "block6": Block(4, 192, 6, 5, 2),
    "block7": Block(1, 320, 6, 3, 1),
}
PARTS = ("stem", *BLOCKS, "top")
"""The network from image to features, in order."""


def run_parts(x: "keras.KerasTensor", parts: tuple[str, ...], trainable: bool) -> "keras.KerasTensor":
    """Append neighbouring `parts` to `x`: (batch, height, width, 3) -> (batch, 1280) for all of `PARTS`.

    Raise `TrainyardError` when the weights are not on disk.
    """
    import h5py

    if not WEIGHTS.is_file():
        raise TrainyardError(
            "The ImageNet weights {weights!r} are missing. Restore data/models, or run "
            "scripts/convert_efficientnet.py.",
            weights=WEIGHTS.name,
        )
    with h5py.File(WEIGHTS) as weights:
        builder = _Builder(weights, trainable)
        for part in parts:
            x = builder.part(x, part)
    return x


@dataclass(frozen=True)
class _Builder:
    weights: "h5py.File"
    trainable: bool

    def part(self, x: Any, name: str) -> Any:
        """Append one of `PARTS` to `x`."""
        from keras import layers

        if name == "stem":
            return self._convolve(x, "stem", filters=32, kernel_size=3, strides=2)
        if name == "top":
            x = self._convolve(x, "top", filters=1280)
            return layers.GlobalAveragePooling2D(name="top_pool")(x)
        block = BLOCKS[name]
        for repeat in range(block.repeats):
            x = self._residual(x, block, f"{name}_{repeat + 1}", block.strides if repeat == 0 else 1)
        return x

    def _residual(self, x: Any, block: Block, name: str, strides: int) -> Any:
        """Expand, filter each channel separately, project; added to its input where the shape allows."""
        from keras import layers

        y = x
        if block.expand > 1:
            y = self._convolve(y, f"{name}_expand", filters=x.shape[-1] * block.expand)
        y = self._convolve(y, f"{name}_depthwise", kernel_size=block.kernel_size, strides=strides)
        y = self._convolve(y, f"{name}_project", filters=block.filters, activate=False)
        if y.shape == x.shape:
            y = layers.Add(name=f"{name}_add")([x, y])
        return y

    def _convolve(
        self, x: Any, name: str, filters: int = 0, kernel_size: int = 1, strides: int = 1, activate: bool = True
    ) -> Any:
        """Convolution (depthwise without `filters`), batch normalisation, ReLU6."""
        from keras import layers

        options = {"padding": "same", "use_bias": False, "trainable": self.trainable, "name": f"{name}_conv"}
        if filters:
            x = self._load(layers.Conv2D(filters, kernel_size, strides, **options), x)
        else:
            x = self._load(layers.DepthwiseConv2D(kernel_size, strides, **options), x)
        # Frozen also where the network is trained: it then keeps the statistics of ImageNet, since those of a few small
        # batches would be worse. `training=False` in the call would not do: a model that trains overrides it.
        normalise = layers.BatchNormalization(epsilon=1e-3, trainable=False, name=f"{name}_bn")
        x = self._load(normalise, x)
        return layers.ReLU(max_value=6.0, name=f"{name}_relu")(x) if activate else x

    def _load(self, layer: "keras.layers.Layer", x: Any) -> Any:
        """Call `layer` on `x` and give it its ImageNet weights."""
        y = layer(x)
        for variable in layer.variables:
            variable.assign(self.weights[layer.name][variable.name][...].astype("float32"))
        return y
