"""Sound in, one label out."""

from typing import ClassVar

from engine.tasks.base import tasks
from engine.tasks.classification import Classification


@tasks.register("audio-classification", "Audio classification")
class AudioClassification(Classification):
    """Predict the class of an audio clip, such as the spoken word."""

    modality: ClassVar[str] = "audio"
