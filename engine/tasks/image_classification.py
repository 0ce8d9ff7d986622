"""One label for each image."""

from typing import TYPE_CHECKING, ClassVar

from engine.data_info import DataInfo
from engine.tasks.base import tasks
from engine.tasks.classification import Classification

if TYPE_CHECKING:
    import keras


@tasks.register("image-classification", "Image classification")
class ImageClassification(Classification):
    """Tell which class an image belongs to."""

    modality: ClassVar[str] = "image"

    def inputs(self, info: DataInfo) -> "tuple[keras.KerasTensor, keras.KerasTensor]":
        """Images (batch, any height, any width, channels) -> resized to those of the dataset."""
        import keras

        height, width, channels = info.shape
        raw = keras.Input((None, None, channels), name="image")
        return raw, keras.layers.Resizing(height, width, name="resize")(raw)
