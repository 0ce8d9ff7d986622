"""The shared part of networks that find objects: they say something of each cell of a picture."""

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from engine.models.base import Model
from engine.models.regularisation import batch_norm

if TYPE_CHECKING:
    import keras


class Detector(Model):
    """Base of networks that give a vector for each cell of `CELL` times `CELL` pixels."""

    modalities: ClassVar[tuple[str, ...]] = ("scene",)
    source: ClassVar[str] = "Zhou et al. 2019 (Objects as Points), https://arxiv.org/abs/1904.07850"

    @abstractmethod
    def cells(self, x: "keras.KerasTensor") -> "keras.KerasTensor":
        """Features (batch, ...) -> (batch, rows, columns, units), a cell for each `CELL` pixels."""


def merged(fine: Any, coarse: Any, filters: int, name: str) -> Any:
    """(batch, rows, columns, ...) and (batch, rows / 2, columns / 2, ...) -> (batch, rows, columns, filters).

    The coarse cells know more of their surroundings, the fine ones where things are (Lin et al. 2017, feature pyramids). Both are
    normalised: those of a pretrained network differ by several times from channel to channel, and hardly anything is learned from
    them as they are.
    """
    from keras import layers

    coarse = layers.Conv2D(filters, 1, name=f"{name}_coarse")(batch_norm(f"{name}_coarse_bn")(coarse))
    coarse = layers.UpSampling2D(2, interpolation="bilinear", name=f"{name}_enlarged")(coarse)
    fine = layers.Conv2D(filters, 1, name=f"{name}_fine")(batch_norm(f"{name}_fine_bn")(fine))
    x = layers.Activation("relu", name=f"{name}_merged")(layers.Add(name=f"{name}_sum")([fine, coarse]))
    for number in (1, 2):
        x = layers.Conv2D(filters, 3, padding="same", use_bias=False, name=f"{name}{number}_conv")(x)
        x = layers.Activation("relu", name=f"{name}{number}_activation")(batch_norm(f"{name}{number}_bn")(x))
    return x
