"""Base of the networks that make pictures of a class."""

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from engine.data_info import DataInfo
from engine.models.base import Model
from engine.tasks.graph import Tensors

if TYPE_CHECKING:
    import numpy as np


class PictureModel(Model):
    """Reads numbers of classes, 0 for none, which the task makes of their names."""

    modalities: ClassVar[tuple[str, ...]] = ("named-class",)

    def learns(self, info: DataInfo) -> bool:
        """Return False: the task learns what there is to learn."""
        return False

    def learn(self, inputs: "np.ndarray", info: DataInfo) -> dict[str, Any]:
        """Return nothing, as `learns` says."""
        return {}

    def freezes(self, info: DataInfo) -> bool:
        """Return False: everything is trained."""
        return False

    @abstractmethod
    def draws(self, classes: int, shape: tuple[int, ...]) -> Tensors:
        """Return the graph for so many classes, none among them, and pictures (height, width, channels) from -1 to 1."""
