"""Text in, one label out."""

from typing import Any, ClassVar

from engine.data_info import DataInfo
from engine.tasks.base import tasks
from engine.tasks.classification import Classification


@tasks.register("text-classification", "Text classification")
class TextClassification(Classification):
    """Tell which class a text belongs to, such as its language or its mood."""

    modality: ClassVar[str] = "text"

    def inputs(self, info: DataInfo) -> tuple[Any, Any]:
        """Strings (batch,), in any script."""
        import keras

        raw = keras.Input((), dtype="string", name="text")
        return raw, raw
