"""Matrix factorisation that knows people by what they chose."""

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from engine.data_info import DataInfo
from engine.models.base import models
from engine.models.recommender import Recommender
from engine.spec import FORKABLE, Range

if TYPE_CHECKING:
    import keras


@models.register("matrix-factorisation", "Matrix factorisation")
class MatrixFactorisation(Recommender):
    """The score of an item is the product of a vector of the person and one of the item.

    The vector of a person is the sum of vectors of what they chose, so that it is known for people whom training never saw.
    """

    source: ClassVar[str] = "Koren 2008, section 4 (asymmetric SVD), https://doi.org/10.1145/1401890.1401944"
    compared: ClassVar[tuple[str, ...]] = ("choices",)

    units: Annotated[int, Range(4, 256, log=True)] = 64
    """Length of the vectors. Longer ones tell finer tastes apart, and need more data."""
    dropout: Annotated[float, Range(0.0, 0.7, step=0.05), FORKABLE] = 0.3
    """Fraction of a person's vector zeroed in training only."""

    def person(self, x: Any, info: DataInfo) -> "keras.KerasTensor":
        """(batch, 1 + history) -> (batch, units): the sum of the vectors of what was chosen, by the root of their number."""
        from keras import layers, ops

        chosen = layers.Embedding(self.places(info), self.units, name="chosen")(x)
        there = ops.cast(x > 0, "float32")[:, :, None]
        total = ops.sum(chosen * there, axis=1) / ops.sqrt(ops.sum(there, axis=1))
        return layers.Dropout(self.dropout, name="dropout")(total)
