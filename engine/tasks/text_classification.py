"""Text in, one label out."""

from typing import ClassVar

from engine.tasks.base import tasks
from engine.tasks.classification import Classification


@tasks.register("text-classification", "Text classification")
class TextClassification(Classification):
    """Predict the class of a text, such as its language or sentiment."""

    modality: ClassVar[str] = "text"
