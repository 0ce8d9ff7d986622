"""One label for each image."""

from typing import ClassVar

from engine.tasks.base import tasks
from engine.tasks.classification import Classification


@tasks.register("image-classification", "Image classification")
class ImageClassification(Classification):
    """Predict the class of an image."""

    modality: ClassVar[str] = "image"
