"""GRU4Rec: the next item from the order of those before it."""

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from engine.data_info import DataInfo
from engine.models.base import models
from engine.models.recommender import Recommender
from engine.spec import FORKABLE, Range

if TYPE_CHECKING:
    import keras


@models.register("gru4rec", "GRU4Rec")
class Gru4Rec(Recommender):
    """Reads choices in their order, and knows that one thing is chosen after another."""

    source: ClassVar[str] = "Hidasi et al. 2016, https://arxiv.org/abs/1511.06939"
    compared: ClassVar[tuple[str, ...]] = ("choices",)

    units: Annotated[int, Range(4, 256, log=True)] = 64
    """Length of the vectors of items, and of the state carried from one to the next."""
    dropout: Annotated[float, Range(0.0, 0.7, step=0.05), FORKABLE] = 0.3
    """Fraction of the state zeroed in training only."""

    def person(self, x: Any, info: DataInfo) -> "keras.KerasTensor":
        """(batch, 1 + history) -> (batch, units)."""
        from keras import layers

        chosen = layers.Embedding(self.places(info), self.units, mask_zero=True, name="chosen")(x)
        state = layers.GRU(self.units, name="gru")(chosen)
        return layers.Dropout(self.dropout, name="dropout")(state)
