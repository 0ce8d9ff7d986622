"""Two towers: one maps people, one maps items with what is known of them, to vectors of one space."""

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np

from engine.data_info import DataInfo
from engine.modalities.choices import catalogue
from engine.models.base import models
from engine.models.recommender import Recommender
from engine.spec import FORKABLE, Range

if TYPE_CHECKING:
    import keras


@models.register("two-tower", "Two towers")
class TwoTower(Recommender):
    """One tower maps an item to a vector, by its columns and by itself; the other a person, by the items they chose.

    What was learned of the columns of some items holds for others like them, also for those that were seldom chosen.
    """

    source: ClassVar[str] = "Yi et al. 2019, https://doi.org/10.1145/3298689.3346996"
    compared: ClassVar[tuple[str, ...]] = ("choices",)

    units: Annotated[int, Range(4, 256, log=True)] = 64
    """Length of the vectors, and width of the hidden layers."""
    dropout: Annotated[float, Range(0.0, 0.7, step=0.05), FORKABLE] = 0.3
    """Fraction of a person's vector zeroed in training only."""

    def recommend(self, x: Any, info: DataInfo) -> "keras.KerasTensor":
        """Choices (batch, history) -> scores (batch, items + 2)."""
        from keras import layers, ops

        chosen = self.begun(x, info)
        items = self._items(chosen, info)
        there = ops.cast(chosen > 0, "float32")[:, :, None]
        mean = ops.sum(ops.take(items, chosen, axis=0) * there, axis=1) / ops.sum(there, axis=1)
        hidden = layers.Dense(self.units, activation="relu", name="person_hidden")(mean)
        person = layers.Dense(self.units, name="person")(layers.Dropout(self.dropout, name="dropout")(hidden))
        return layers.Identity(dtype="float32", name="scores")(ops.matmul(person + mean, ops.transpose(items)))

    def _items(self, chosen: Any, info: DataInfo) -> Any:
        """Return a vector for each number (items + 2, units). What is known of the items is a row of weights that are never trained."""
        from keras import layers, ops

        first, places, width = ops.zeros_like(chosen[:1, 0]), self.places(info), _features(info).shape[1]
        own = layers.Embedding(1, places * self.units, name="own")(first)
        own = ops.reshape(own, (places, self.units))
        if not width:
            return own
        known = layers.Embedding(1, places * width, trainable=False, name="known")(first)
        hidden = layers.Dense(self.units, activation="relu", name="item_hidden")(ops.reshape(known, (places, width)))
        return own + layers.Dense(self.units, name="item")(hidden)

    def warm_start(self, network: "keras.Model", info: DataInfo) -> None:
        """Set what is known of the items."""
        features = _features(info)
        if features.shape[1]:
            network.get_layer("known").embeddings.assign(features.reshape(1, -1))


def _features(info: DataInfo) -> np.ndarray:
    """Return what is known of each number (items + 2, features), zero of those that are no items."""
    return np.pad(catalogue(info).features(), ((1, 1), (0, 0)))
