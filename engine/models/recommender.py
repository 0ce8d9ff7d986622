"""Base of networks that recommend: from what somebody chose to a score for each item."""

from typing import TYPE_CHECKING, Any, ClassVar

from engine.data_info import DataInfo
from engine.modalities.choices import catalogue
from engine.models.base import TaskModel

if TYPE_CHECKING:
    import keras


class Recommender(TaskModel):
    """Items have numbers from 1. 0 stands for no item, and the number after the last for the beginning, which everybody has chosen."""

    modalities: ClassVar[tuple[str, ...]] = ("choices",)

    def places(self, info: DataInfo) -> int:
        """Return how many numbers there are: none, the items, the beginning."""
        return len(catalogue(info)) + 2

    def begun(self, x: Any, info: DataInfo) -> Any:
        """Choices (batch, history) -> (batch, 1 + history): the beginning before them, without unknown ones."""
        from keras import ops

        return ops.pad(ops.maximum(x, 0), ((0, 0), (1, 0)), constant_values=self.places(info) - 1)

    def recommend(self, x: Any, info: DataInfo) -> "keras.KerasTensor":
        """Choices (batch, history) int32 -> scores (batch, items + 2), float32: by default a dense layer on what `person` says."""
        from keras import layers

        person = self.person(self.begun(x, info), info)
        return layers.Dense(self.places(info), dtype="float32", name="items")(person)

    def person(self, x: Any, info: DataInfo) -> "keras.KerasTensor":
        """Choices with the beginning (batch, 1 + history) -> a vector for each person (batch, units)."""
        raise NotImplementedError(f"{type(self).__name__} must define person.")
