"""One number for each image."""

from typing import ClassVar

from engine.tasks.base import tasks
from engine.tasks.regression import Regression


@tasks.register("image-regression", "Image regression")
class ImageRegression(Regression):
    """Predict a number from an image, such as a count, an angle or an age."""

    modality: ClassVar[str] = "image"
