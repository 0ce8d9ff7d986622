"""Base of the networks that make pictures of a class."""

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from engine.models.base import TaskModel
from engine.tasks.graph import Tensors

if TYPE_CHECKING:
    from engine.data_info import DataInfo


class PictureModel(TaskModel):
    """Reads numbers of classes, 0 for none, which the task makes of their names."""

    modalities: ClassVar[tuple[str, ...]] = ("named-class",)

    @abstractmethod
    def draws(self, classes: int, shape: tuple[int, ...]) -> Tensors:
        """Return the graph for so many classes, none among them, and pictures (height, width, channels) from -1 to 1."""

    @abstractmethod
    def network(self, inputs: Any, outputs: Any, name: str) -> Any:
        """Make the Keras model that is compiled and fitted, with its loss."""

    @abstractmethod
    def batch(self, inputs: Any, targets: Any, info: "DataInfo") -> tuple[Any, Any]:
        """Return what a step of training is fed: see `Task.batch`."""
