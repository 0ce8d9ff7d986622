"""Text in, one label out."""

from typing import ClassVar

from engine.tasks.base import tasks
from engine.tasks.classification import Classification


@tasks.register("text-classification", "Text classification")
class TextClassification(Classification):
    """Tell which class a text belongs to, such as its language or its mood."""

    modality: ClassVar[str] = "text"
