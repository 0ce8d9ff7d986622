"""Sound in, one label out."""

from typing import ClassVar

from engine.tasks.base import tasks
from engine.tasks.classification import Classification


@tasks.register("audio-classification", "Audio classification")
class AudioClassification(Classification):
    """Tell which class a sound belongs to, such as the word that is spoken."""

    modality: ClassVar[str] = "audio"
