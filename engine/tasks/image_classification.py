"""One label for each image."""

from typing import ClassVar

from engine.tasks.base import tasks
from engine.tasks.classification import Classification


@tasks.register("image-classification", "Image classification")
class ImageClassification(Classification):
    """Tell which class an image belongs to."""

    modality: ClassVar[str] = "image"
