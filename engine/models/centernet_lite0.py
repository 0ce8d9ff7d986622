"""Objects as points on the features of EfficientNet-Lite0: finds objects after some thousand scenes."""

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from engine.data_info import DataInfo
from engine.models.base import models
from engine.models.detector import Detector, merged
from engine.models.efficientnet import PARTS, run_parts
from engine.models.efficientnet_lite0 import EfficientNetLite0
from engine.spec import FORKABLE, Range

if TYPE_CHECKING:
    import keras
    import numpy as np

    from engine.modalities.seen import Seen

_FINE = PARTS.index("block4")  # parts before it see cells of 8 pixels, those up to block5 cells of 16
_COARSE = PARTS.index("block6")


@models.register("centernet-lite0", "CenterNet on EfficientNet-Lite0 (pretrained)")
class CenternetLite0(Detector):
    """Says for each cell of 8 pixels whether an object has its centre there, and how large it is.

    Its features are those of a network that was trained on a million photos. Where these are frozen and pictures are not
    changed at random, they are computed once, and an epoch takes seconds.
    """

    source: ClassVar[str] = f"{Detector.source}; features: {EfficientNetLite0.source}"
    pretrained: ClassVar[bool] = True
    suggested: ClassVar[dict[str, Any]] = {
        "learning_rate": 0.001, "schedule": "cosine", "batch_size": 16, "epochs": 8, "patience": 0,
    }  # fmt: skip
    searched: ClassVar[tuple[str, ...]] = ("filters", "unfreeze_from")
    compared: ClassVar[tuple[str, ...]] = ("scene",)

    unfreeze_from: Annotated[Literal["none", "block4", "block1"], FORKABLE] = "none"
    """Also train the pretrained network, from this block to its end. Slower; it needs a learning rate near 0.0001."""
    filters: Annotated[int, Range(8, 256, log=True)] = 96
    """Filters of the convolutions that bring the features together."""
    dropout: Annotated[float, Range(0.0, 0.7, step=0.05), FORKABLE] = 0.1
    """Fraction of the features zeroed before they are brought together, in training only."""

    def preprocess(self, x: "keras.KerasTensor", info: DataInfo) -> "keras.KerasTensor":
        """(batch, height, width, 3) 0..255 -> about -1..1."""
        from keras import layers

        return layers.Rescaling(1 / 128, offset=-127 / 128, name="scale")(x)

    def seen(self, features: "np.ndarray", info: DataInfo) -> "list[Seen]":
        """About -1..1 -> pictures."""
        return super().seen((features + 127 / 128) * 128 / 255, info)

    def freezes(self, info: DataInfo) -> bool:
        """Return True unless all of the network is trained."""
        return self.unfreeze_from != "block1"

    def features(self, x: "keras.KerasTensor") -> "keras.KerasTensor":
        """(batch, height, width, 3) -> (batch, height / 16, width / 16, 272): coarse cells, and the four fine ones in each.

        Nothing where all is trained, the fine cells alone where the coarse ones are.
        """
        from keras import layers

        if self.unfreeze_from == "block1":
            return x
        fine = run_parts(x, PARTS[:_FINE], trainable=False)
        if self.unfreeze_from == "block4":
            return fine
        coarse = run_parts(fine, PARTS[_FINE:_COARSE], trainable=False)
        rows, columns, units = coarse.shape[1], coarse.shape[2], fine.shape[3]
        fine = layers.Reshape((rows, 2, columns, 2, units), name="fine_apart")(fine)
        fine = layers.Permute((1, 3, 2, 4, 5), name="fine_in_coarse")(fine)
        fine = layers.Reshape((rows, columns, 4 * units), name="fine_together")(fine)
        return layers.Concatenate(name="both")([coarse, fine])

    def cells(self, x: "keras.KerasTensor") -> "keras.KerasTensor":
        """Features -> (batch, height / 8, width / 8, filters)."""
        from keras import layers

        if self.unfreeze_from == "none":
            rows, columns, units = x.shape[1], x.shape[2], 112
            coarse, fine = x[..., :units], x[..., units:]
            fine = layers.Reshape((rows, columns, 2, 2, fine.shape[3] // 4), name="cells_apart")(fine)
            fine = layers.Permute((1, 3, 2, 4, 5), name="cells_in_rows")(fine)
            fine = layers.Reshape((2 * rows, 2 * columns, fine.shape[5]), name="cells")(fine)
        else:
            fine = run_parts(x, PARTS[:_FINE], trainable=True) if self.unfreeze_from == "block1" else x
            coarse = run_parts(fine, PARTS[_FINE:_COARSE], trainable=True)
        fine = layers.Dropout(self.dropout, name="fine_dropout")(fine)
        coarse = layers.Dropout(self.dropout, name="coarse_dropout")(coarse)
        return merged(fine, coarse, self.filters, "neck")
