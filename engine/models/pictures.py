"""Base of the networks that make pictures of a class."""

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar

from engine.models.base import TaskModel
from engine.tasks.graph import Tensors

if TYPE_CHECKING:
    pass


class PictureModel(TaskModel):
    """Reads numbers of classes, 0 for none, which the task makes of their names."""

    modalities: ClassVar[tuple[str, ...]] = ("named-class",)

    @abstractmethod
    def draws(self, classes: int, shape: tuple[int, ...]) -> Tensors:
        """Return the graph for so many classes, none among them, and pictures (height, width, channels) from -1 to 1."""
