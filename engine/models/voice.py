"""Base of the networks that speak: a text and a voice become a spectrogram."""

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar

from engine.models.base import TaskModel

if TYPE_CHECKING:
    import keras


class VoiceModel(TaskModel):
    """Reads ids, which the task makes of text and voice."""

    modalities: ClassVar[tuple[str, ...]] = ("voiced-text",)

    @abstractmethod
    def speak(
        self,
        characters: "keras.KerasTensor",
        voice: "keras.KerasTensor",
        sizes: tuple[int, int],
        frames: int,
        bands: int,
    ) -> "keras.KerasTensor":
        """Ids of characters (batch, longest) and of a voice (batch,) -> (batch, frames, bands).

        `sizes`: how many different characters and voices there are.
        """
